import type { Dataset } from '../../data/dataset.ts';
import { joinPath, makeFolder, writeFileAtomic } from '../../runtime/web/files.ts';
import { openRunFolder, targetsIn } from '../run/openRunFolder.ts';
import type { TrainCalls } from './messages.ts';
import { shownExample } from './shownExample.ts';

/** What targets are trained on now, or were last. */
let trained: Dataset | null = null;

/** To be told of the data that targets are trained on, whose examples can be shown from then on. */
export function showExamplesOf(data: Dataset): void {
  trained = data;
}

/** What is told and shown of runs. */
export const trainHandlers: TrainCalls = {
  async chosen(ids) {
    const data = trained;
    return data === null ? [] : Promise.all(ids.map((id) => shownExample(data, id)));
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
