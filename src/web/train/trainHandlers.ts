import type { Dataset } from '../../data/dataset.ts';
import { joinPath, makeFolder, writeFileAtomic } from '../../runtime/web/files.ts';
import { openRunFolder, targetsIn } from '../run/openRunFolder.ts';
import type { TrainCalls } from './messages.ts';
import { shownExample } from './shownExample.ts';

/** What the targets of a run are trained on now, or were last. */
let trained: { readonly folder: string; readonly data: Dataset } | null = null;

/** For the job that trains in `folder`: to be told of the data, whose examples can be shown from then on. */
export function showExamplesOf(folder: string): (data: Dataset) => void {
  trained = null;
  return (data) => {
    trained = { folder, data };
  };
}

/** What is told and shown of runs. */
export const trainHandlers: TrainCalls = {
  async chosen({ folder, ids }) {
    if (trained === null || !folder.startsWith(`${trained.folder}/`)) return [];
    const { data } = trained;
    return Promise.all(ids.map((id) => shownExample(data, id)));
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
