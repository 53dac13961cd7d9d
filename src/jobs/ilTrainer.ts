import type { Dataset } from '../data/dataset.ts';
import type { Trainer } from '../engine/engine.ts';
import { openTrainer } from '../engine/open.ts';
import type { IlOptions } from './il.ts';
import { feedFrom, type ModelFile } from './model.ts';
import { optimizerFrom } from './optimization.ts';

/** Opens the trainer of an IL model with the weights that `model` has; `seed` is that of its dropout. */
export function openIlTrainer(model: ModelFile, data: Dataset, seed: number, options: IlOptions): Promise<Trainer> {
  return openTrainer(model.graph, {
    ...feedFrom(data, model.name),
    device: options.device,
    threads: options.threads,
    engine: options.engine,
    scoreEngine: options.scoreEngine,
    outputs: ['loss', 'predicted'],
    smallBatch: options.ilBatch,
    seed,
    optimizer: optimizerFrom(options),
    lowering: options.lowering,
  });
}
