import { RhoError } from '../../core/errors.ts';
import type { PageContext } from '../context.ts';
import { button, make, moveFocus } from '../element.ts';
import type { Jobs } from '../jobs.ts';
import type { CompareRequest, NamedFile } from '../protocol.ts';
import { type KeptRun, keptRuns, newRunFolder } from '../run/keptRuns.ts';
import { type RunView, runView } from '../run/runView.ts';
import { isInSample, sample } from '../sample.ts';
import { forPage } from '../sentence.ts';
import { type Asked, trainForm } from './form.ts';
import { keptTrainings } from './keptTrainings.ts';
import { liveView } from './live.ts';

/** Seconds between checkpoints: a tab is closed sooner than a terminal. */
const checkpointEvery = 5;

/** A training as it is asked of the worker. */
interface Training extends CompareRequest {
  /** To be kept with the run before it begins. */
  readonly files: readonly NamedFile[];
  /** Whether it was begun before, perhaps with data that the page has not been given this time. */
  readonly isOld?: boolean;
}

/** Fills the part of the page that trains RHO-LOSS beside uniform selection, on the data chosen, or on the sample. */
export function trainSection(root: HTMLElement, context: PageContext): void {
  if (root.querySelector('h2') === null) root.append(make('h2', { textContent: 'Train' }));
  const form = trainForm(
    () => context.checkData() && train(requestFor(form.read(), context)),
    () => abort?.abort(),
  );
  const status = make('p', { role: 'status', className: 'unseen' });
  const message = make('p', { role: 'alert', hidden: true });
  const choices = make('p', { className: 'actions' });
  const live = liveView({
    chosen: async (asked) => (await context.jobs(false)).call('chosen', asked),
    announce: (line) => {
      status.textContent = line;
    },
  });
  live.element.hidden = true;
  const result = make('div');
  const kept = keptTrainings({
    goOn: ({ options, folder }) => train({ options, folder, files: [], isOld: true }),
    show: (run) => show(run),
    remove: async ({ folder }) => {
      await (await context.jobs(false)).call('remove', folder);
      if (shown === folder) clear();
    },
    say: (sentence) => say(sentence),
  });
  root.append(form.element, status, message, choices, live.element, result, kept.element);
  let abort: AbortController | null = null;
  let view: RunView | null = null;
  /** The run that is seen, live or at its end. */
  let shown: string | null = null;

  /** Takes away what came of the training before. */
  function clear(): void {
    view?.close();
    view = null;
    shown = null;
    live.element.hidden = true;
    result.replaceChildren();
    choices.replaceChildren();
    message.hidden = true;
  }

  async function train(training: Training): Promise<void> {
    if (abort !== null) return;
    const { folder, options, files } = training;
    let jobs: Jobs | null = null;
    abort = new AbortController();
    clear();
    form.setRunning(true);
    kept.setRunning(true);
    shown = folder;
    live.element.hidden = false;
    live.begin([], options.steps ?? null);
    root.dataset.state = 'running';
    try {
      jobs = await context.jobs(isInSample(options.data));
      if (files.length > 0) await jobs.call('keep', files);
      live.begin(await jobs.call('targets', folder), options.steps ?? null);
      await jobs.call('compare', { folder, options }, { onNotice: live.take, signal: abort.signal });
      live.end();
      status.textContent = 'Making the report';
      await showFolder(folder);
      root.dataset.state = 'done';
    } catch (error) {
      live.end();
      await tell(error as Error, training, jobs?.hasEnded() ?? false);
      root.dataset.state = 'failed';
    } finally {
      abort = null;
      form.setRunning(false);
      kept.setRunning(false);
      await kept.refresh();
    }
  }

  async function show({ folder }: KeptRun): Promise<void> {
    clear();
    try {
      await showFolder(folder);
    } catch (error) {
      say((error as Error).message);
    }
  }

  async function showFolder(folder: string): Promise<void> {
    const jobs = await context.jobs(false);
    const [opened, files] = [await jobs.call('openRun', folder), await jobs.call('files', folder)];
    view = runView(opened, folder, files);
    shown = folder;
    result.replaceChildren(view.element);
    status.textContent = view.heading.textContent;
    moveFocus(root, view.heading);
  }

  function say(sentence: string, isFailure = true): void {
    message.hidden = false;
    message.className = isFailure ? 'failed' : '';
    message.textContent = forPage(sentence);
  }

  /** Says what has ended a training, and offers to go on where that may help. */
  async function tell(error: Error, training: Training, hasEnded: boolean): Promise<void> {
    const kind = error instanceof RhoError ? error.kind : null;
    const again =
      training.isOld && kind === 'data' && !isInSample(training.options.data)
        ? '; if it is on data of your own, choose them again and go on'
        : '';
    say(kind === null ? `Training stopped: ${error.message}` : error.message + again, kind !== 'interrupted');
    status.textContent = '';
    if (hasEnded) {
      const reload = button('Reload the page', () => location.reload());
      choices.replaceChildren(reload);
      moveFocus(root, reload);
      return;
    }
    const hasBegun = (await keptRuns()).some(({ folder }) => folder === training.folder);
    if (!hasBegun && kind !== 'interrupted') {
      live.element.hidden = true;
      await forget(training);
      return;
    }
    if (kind === 'diverged') return;
    const goOn = button('Go on', () => train({ ...training, files: [] }));
    choices.replaceChildren(goOn);
    moveFocus(root, goOn);
  }

  /** Removes models that were kept for a run that has not begun. */
  async function forget({ folder, files }: Training): Promise<void> {
    if (files.length > 0) await (await context.jobs(false)).call('remove', folder);
  }

  const setData = () => form.setData(context.data());
  context.onData(setData);
  setData();
  void kept.refresh();
}

/** What the form asks for, on the data chosen, or on the sample as `rho run` takes it. */
function requestFor({ settings, ownModels }: Asked, context: PageContext): Training {
  const folder = newRunFolder(new Date());
  const files: NamedFile[] = [];
  const models: Record<string, string> = {};
  for (const [key, chosen] of ownModels)
    for (const file of chosen) {
      // A folder for each: two models, or what lies beside them, may have one name.
      const path = `${folder}/model/${key}/${file.name}`;
      files.push({ path, file });
      if (file.name.endsWith('.onnx')) models[key] = path;
    }
  const data = context.data()?.options ?? { data: sample.data };
  const options = {
    ...data,
    ...settings,
    ...models,
    device: context.device(),
    threads: context.threads(),
    strategies: ['rho', 'uniform'] as const,
    checkpointEvery,
  };
  const { dataSeed, ...rest } = options as typeof options & { readonly dataSeed?: number };
  return { folder, files, options: { ...rest, ...(dataSeed !== undefined && { dataSeeds: [dataSeed] }) } };
}
