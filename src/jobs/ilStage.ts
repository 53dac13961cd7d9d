import type { DeviceOptions } from '../engine/engine.ts';
import { exists, joinPath } from '../runtime/files.ts';
import type { LossTable } from '../store/lossTable.ts';
import { openLossStore } from '../store/readStore.ts';
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
  /** Seconds of scoring; null where the store was there already. */
  readonly scoringSeconds: number | null;
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
  const card = (await readIlCard(modelPath, model.bytes))!;
  if (await exists(store))
    return { card, store, table: await (await openLossStore(store)).readTable(), scoringSeconds: null };
  const { table, seconds } = await scoreToStore(experiment, model, card, { ...options, split: 'target' }, store, host);
  return { card, store, table, scoringSeconds: seconds };
}
