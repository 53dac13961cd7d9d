import { type StrategyName, strategyOf } from '../core/selection.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Trainer, TrainerState } from '../engine/engine.ts';
import { openTrainer } from '../engine/open.ts';
import { feedFrom, type ModelFile } from './model.ts';
import { optimizerFrom } from './optimization.ts';
import { selectsInOneGraph, trainersPrecision } from './scoringForm.ts';
import type { TrainingOptions } from './selectionRun.ts';

/** Which target is trained, from where. */
export interface TargetStart {
  readonly strategy: StrategyName;
  readonly seed: number;
  /** Threads of the trainer, which may be fewer than those of the run. */
  readonly threads: number;
  /** Null begins with the weights of the model. */
  readonly state: TrainerState | null;
}

/** Opens the trainer of a target. */
export function openTargetTrainer(
  model: ModelFile,
  data: Dataset,
  { strategy, seed, threads, state }: TargetStart,
  options: TrainingOptions,
): Promise<Trainer> {
  const { score, needsGradientNorm } = strategyOf(strategy);
  // A strategy that scores nothing has no candidates to take averages from.
  const observesCandidates = options.batchNorm === 'candidates' && score !== null;
  return openTrainer(model.graph, {
    ...feedFrom(data, model.name),
    device: options.device,
    threads,
    engine: options.engine,
    scoreEngine: options.scoreEngine,
    outputs: needsGradientNorm ? ['loss', 'predicted', 'gradientNorm'] : ['loss', 'predicted'],
    smallBatch: options.smallBatch,
    seed,
    optimizer: optimizerFrom(options),
    freeze: options.freeze,
    lowering: options.lowering,
    candidatePrecision: trainersPrecision(options),
    ...(selectsInOneGraph(model, strategy, options) && { selecting: { bigBatch: options.bigBatch } }),
    ...(observesCandidates && { averagesOf: options.bigBatch }),
    ...(state && { state }),
  });
}
