import { chooseSection } from './choose/chooseSection.ts';
import type { DroppedFile } from './choose/droppedFiles.ts';
import type { ChosenData, PageContext } from './context.ts';
import { find } from './element.ts';
import { failure } from './failure.ts';
import { startJobs } from './jobs.ts';
import { lookSection } from './look/lookSection.ts';
import { fetchSample, sample } from './sample.ts';
import { deviceChoice } from './score/deviceChoice.ts';
import { downloadSection } from './score/downloadSection.ts';
import { scoreSection } from './score/scoreSection.ts';
import { storesFolder } from './score/storeFolder.ts';
import { sharedJobs } from './sharedJobs.ts';

// The page from top to bottom: what is chosen, scoring, what was scored, training. Each section finds its own elements.

const shared = sharedJobs();
const listeners: ((data: ChosenData | null) => void)[] = [];
let isReady = false;

const choose = chooseSection({
  give: shared.give,
  changed() {
    // It is called once before the sections below are there.
    if (!isReady) return;
    score.changed();
    look.changed();
    for (const listener of listeners) listener(choose.data());
  },
  openStore(folder) {
    show(folder).catch((error) => {
      find('recognised').append(failure(error));
    });
  },
  openRun,
});
/** With the sample where it may be wanted: where nothing else is chosen. */
const jobs = () => shared.ready(choose.data()?.isSample ?? true);
const devices = deviceChoice(() => shared.ready(false));
const look = lookSection(shared.ready, choose.data);
const download = downloadSection(() => shared.ready(false));
const score = scoreSection({ choose, devices, jobs: shared.ready, show });
isReady = true;

/** Shows a store: one that the browser keeps, to be downloaded as well, or one that was given. */
async function show(folder: string): Promise<void> {
  await download.offer(folder.startsWith(`${storesFolder}/`) ? folder : null);
  await look.open(folder);
}

const context: PageContext = {
  jobs,
  device: devices.device,
  threads: devices.threads,
  data: choose.data,
  onData: (listener) => listeners.push(listener),
};

// What is not needed at first sight is fetched after it.
void import('./train/section.ts').then(({ trainSection }) => trainSection(find('train'), context));

async function openRun(files: readonly DroppedFile[]): Promise<string | null> {
  const root = find('run');
  root.hidden = false;
  const { openRunSection } = await import('./run/section.ts');
  await openRunSection(root, () => shared.ready(false), files);
  root.scrollIntoView();
  return null;
}

// For the console, and for tests: the worker of jobs without the page.
Object.assign(globalThis, { rho: { startJobs, fetchSample, sample } });
