import type { Batch } from '../core/batch.ts';
import type { RefreshedScorer, Scores, Trainer } from '../engine/engine.ts';
import { scoringWithCurrent } from '../engine/scoringWithCurrent.ts';

/** Where the training losses of candidates come from. */
export interface TrainingLosses {
  /**
   * Scores batches with the weights that the trainer has after the steps asked of it until now. Resolves when steps may be asked of it
   * again without changing those weights.
   */
  score(batches: readonly (() => Promise<Batch>)[]): Promise<readonly Promise<Scores>[]>;
}

/** The trainer scores between its steps. */
export function scoredByTrainer(trainer: Trainer): TrainingLosses {
  return {
    async score(batches) {
      const gathered = await Promise.all(batches.map((gather) => gather()));
      return gathered.map((batch) => trainer.scoreCandidates(batch));
    },
  };
}

/** A scorer elsewhere scores, while the trainer goes on. */
export function scoredBeside(trainer: Trainer, scorer: RefreshedScorer): TrainingLosses {
  const current = scoringWithCurrent(async () => Object.fromEntries(await trainer.weights()), scorer);
  return {
    async score(batches) {
      current.outdate();
      return batches.map((batch) => current.score(batch));
    },
  };
}
