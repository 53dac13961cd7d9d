import type { Device } from '../engine/engine.ts';
import { sampleRun } from '../jobs/sampleRun.ts';
import { type Jobs, startJobs } from './jobs.ts';
import type { NamedFile, Notice } from './protocol.ts';
import { fetchSample, sample } from './sample.ts';

const find = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const deviceList = find<HTMLSelectElement>('device');
const status = find('status');
const files = find('files');
const cancel = find<HTMLButtonElement>('cancel');
const buttons = ['score', 'train'].map((id) => find<HTMLButtonElement>(id));

let jobs: Jobs | undefined;

/** The worker of jobs, which is started when it is first needed, and knows the sample. */
async function readyJobs(): Promise<Jobs> {
  if (jobs !== undefined) return jobs;
  const started = startJobs();
  await started.call('give', { folder: '/rho-loss', files: await fetchSample() });
  jobs = started;
  return started;
}

/** Runs a job with the page's one line about it, and lists what it has written into `folder`. */
async function run(folder: string, job: (jobs: Jobs, options: object) => Promise<string>): Promise<void> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  for (const button of buttons) button.disabled = true;
  cancel.disabled = false;
  cancel.addEventListener('click', stop);
  status.dataset.state = 'running';
  status.textContent = 'Fetching the sample';
  files.replaceChildren();
  try {
    const ready = await readyJobs();
    status.textContent = await job(ready, { onNotice: show, signal: abort.signal });
    files.replaceChildren(...(await ready.call('files', folder)).map(link));
    status.dataset.state = 'done';
  } catch (error) {
    status.textContent = (error as Error).message;
    status.dataset.state = 'failed';
  } finally {
    cancel.removeEventListener('click', stop);
    cancel.disabled = true;
    for (const button of buttons) button.disabled = false;
  }
}

function show(notice: Notice): void {
  if (notice.kind === 'line') status.textContent = notice.line;
  if (notice.kind !== 'progress') return;
  const { label, done, total, from, seconds, note } = notice.progress;
  const rate = seconds > 0 ? (done - from) / seconds : 0;
  status.textContent = `${label}: ${done} of ${total}, ${rate.toFixed(0)}/s ${note}`;
}

function link({ path, file }: NamedFile): HTMLElement {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(file);
  anchor.download = path.split('/').at(-1)!;
  anchor.textContent = path;
  const item = document.createElement('li');
  item.append(anchor);
  return item;
}

const device = (): Device => deviceList.value as Device;

find('score').addEventListener('click', () => {
  const { model, data, holdout } = sample;
  const folder = `/stores/sample-${device()}`;
  run(folder, async (jobs, options) => {
    const request = { model, data: { data, holdout }, options: { device: device() }, folder };
    const { manifest, scored, seconds } = await jobs.call('score', request, options);
    return `${manifest.count} examples, ${scored} scored in ${seconds.toFixed(1)} s, mean loss ${manifest.statistics.meanLoss?.toFixed(4)}`;
  });
});

find('train').addEventListener('click', () => {
  const folder = `/runs/sample-${device()}`;
  run(folder, async (jobs, options) => {
    const request = { options: { ...sampleRun, data: sample.data, device: device() }, folder };
    const { strategies } = await jobs.call('compare', request, options);
    return Object.entries(strategies)
      .map(([name, { finalAccuracy }]) => `${name} ${finalAccuracy.mean?.toFixed(4)}`)
      .join(', ');
  });
});

// For the console, and for tests: the worker of jobs without the page.
Object.assign(globalThis, { rho: { startJobs, fetchSample, sample } });
