import { usageError } from '../core/errors.ts';
import type { StrategyName } from '../core/selection.ts';
import { checkScoring } from './checkScoring.ts';
import type { TrainingOptions } from './selectionRun.ts';

/** Checks what concerns several options at once, before anything runs; `online` is told by `scoresOnline`. */
export function checkTraining(options: TrainingOptions, strategies: readonly StrategyName[], online: boolean): void {
  const { bigBatch, smallBatch, steps, epochs, warmup } = options;
  if (smallBatch > bigBatch)
    throw usageError(
      `Cannot select ${smallBatch} of ${bigBatch} candidates: --small-batch has to be at most --big-batch`,
    );
  if (steps != null && warmup > steps)
    throw usageError(`Cannot warm up for ${warmup} of ${steps} steps: --warmup has to be at most --steps`);
  if (steps == null && epochs == null) throw usageError('Cannot tell how long to train: pass --steps or --epochs');
  if (steps != null && epochs != null)
    throw usageError(`Cannot train for both ${steps} steps and ${epochs} epochs: give one of them`);
  checkScoring(options, strategies, online);
}
