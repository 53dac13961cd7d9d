import { choicePreview } from './choose/choicePreview.ts';
import { chooseSection } from './choose/chooseSection.ts';
import type { DroppedFile } from './choose/droppedFiles.ts';
import type { PageContext } from './context.ts';
import { find, make } from './element.ts';
import { fetchPart } from './fetchPart.ts';
import { lookSection } from './look/lookSection.ts';
import { deviceChoice } from './score/deviceChoice.ts';
import { downloadSection } from './score/downloadSection.ts';
import { scoreSection } from './score/scoreSection.ts';
import { storesFolder } from './score/storeFolder.ts';
import { sharedJobs } from './sharedJobs.ts';

// The page from top to bottom: what is chosen, scoring, what was scored, training. Each section finds its own elements.

const shared = sharedJobs();
const chosenListeners: (() => void)[] = [];
const storesListeners: (() => void)[] = [];
let isReady = false;

const choose = chooseSection({
  give: shared.give,
  changed() {
    // It is called once before the sections below are there.
    if (!isReady) return;
    preview.changed();
    score.changed();
    look.changed();
    for (const listener of chosenListeners) listener();
  },
  openStore(folder) {
    storesChanged();
    return show(folder);
  },
  renamed: async (question, answer) => (await shared.ready(false)).call('renamed', { question, answer }),
  openRun,
});
const preview = choicePreview(choose, shared.ready);
const devices = deviceChoice(() => shared.ready(false));
const look = lookSection(shared.ready, choose.data);
const download = downloadSection(() => shared.ready(false));
const score = scoreSection({ choose, devices, jobs: shared.ready, show, removed, storesChanged });
isReady = true;

/** The folder of the store that is on show. */
let shown: string | null = null;

/** Shows a store: one that the browser keeps, to be downloaded as well, or one that was given. */
async function show(folder: string): Promise<void> {
  shown = folder;
  const kept = folder.startsWith(`${storesFolder}/`) ? folder : null;
  await Promise.all([download.offer(kept), look.open(folder)]);
}

function storesChanged(): void {
  for (const listener of storesListeners) listener();
}

/** What is gone is not shown any more. */
function removed(folder: string): void {
  if (folder !== shown) return;
  shown = null;
  look.close();
  void download.offer(null);
}

const context: PageContext = {
  jobs: shared.ready,
  device: devices.device,
  threads: devices.threads,
  data: choose.data,
  model: choose.model,
  checkData: choose.check,
  onChosen: (listener) => chosenListeners.push(listener),
  onStores: (listener) => storesListeners.push(listener),
};

// What is not needed at first sight is fetched after it.
fetchPart('trains', () => import('./train/section.ts')).then(
  ({ trainSection }) => trainSection(find('train'), context),
  (error: Error) => find('train').append(make('p', { role: 'alert', className: 'failed' }, `${error.message}.`)),
);

async function openRun(files: readonly DroppedFile[]): Promise<void> {
  const { openRunSection } = await fetchPart('shows runs', () => import('./run/section.ts'));
  const root = find('run');
  root.hidden = false;
  await openRunSection(root, () => shared.ready(false), files);
  root.scrollIntoView();
}
