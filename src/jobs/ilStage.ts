import { dataError } from '../core/errors.ts';
import type { DeviceOptions } from '../engine/engine.ts';
import { exists, joinPath } from '../runtime/files.ts';
import type { LossTable } from '../store/lossTable.ts';
import { isLossStore, openLossStore } from '../store/readStore.ts';
import type { Experiment } from './experiment.ts';
import type { Host } from './host.ts';
import { type IlOptions, trainIlModel } from './il.ts';
import { type IlCard, readIlCard } from './ilCard.ts';
import { readModelFile } from './model.ts';
import { scoreToStore } from './score.ts';

/** An IL model and the irreducible losses of the target examples by it. */
export interface IlStage {
  readonly card: IlCard;
  /** Folder of the loss store. */
  readonly store: string;
  readonly table: LossTable;
  readonly scoringSeconds: number;
}

/** Trains the IL model and scores the target half in `folder`; whatever an interrupted run left there finished is kept. */
export async function prepareIrreducible(
  experiment: Experiment,
  options: IlOptions & DeviceOptions,
  folder: string,
  host: Host,
): Promise<IlStage> {
  const modelPath = joinPath(folder, 'il.onnx');
  const store = joinPath(folder, 'il');
  // The card is written last: where it is, the model is whole.
  if (!(await exists(joinPath(folder, 'il.json')))) await trainIlModel(experiment, options, folder, host);
  const model = await readModelFile(modelPath);
  const card = await readIlCard(modelPath, model.bytes);
  if (card === null)
    throw dataError(
      `Cannot go on with "${folder}": il.json is not the card of its il.onnx, remove both to train the IL model again`,
    );
  // In a folder of that name the strategy "il" has its run, too.
  if (!(await isLossStore(store)))
    await scoreToStore(experiment, model, card, { ...options, split: 'target' }, store, host);
  const { manifest, readTable } = await openLossStore(store);
  return { card, store, table: await readTable(), scoringSeconds: manifest.scoring.seconds };
}
