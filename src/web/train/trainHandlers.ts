import type { Dataset } from '../../data/dataset.ts';
import { joinPath, makeFolder, writeFileAtomic } from '../../runtime/web/files.ts';
import { openRunFolder, targetsIn } from '../run/openRunFolder.ts';
import type { TrainCalls } from './messages.ts';
import { shownExample } from './shownExample.ts';

/** What targets are trained on now, or were last, by their folders. */
const trained = new Map<string, Dataset>();

/** Another run begins: nothing is known of its data yet. */
export function forgetExamples(): void {
  trained.clear();
}

/** To be told of the data that a target is trained on, whose examples can be shown from then on. */
export function showExamplesOf(data: Dataset, folder: string): void {
  trained.set(folder, data);
}

/** What is told and shown of runs. */
export const trainHandlers: TrainCalls = {
  async chosen({ folder, ids }) {
    const data = trained.get(folder);
    return data === undefined ? [] : Promise.all(ids.map((id) => shownExample(data, id)));
  },
  targets: targetsIn,
  openRun: openRunFolder,
  async keep(files) {
    for (const { path, file } of files) {
      await makeFolder(joinPath(path, '..'));
      await writeFileAtomic(path, new Uint8Array(await file.arrayBuffer()));
    }
  },
};
