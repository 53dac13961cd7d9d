import type { Batch } from '../core/batch.ts';
import { reportedLater } from '../core/reportedLater.ts';
import type { Tensor } from '../core/tensor.ts';
import type { RefreshedScorer, Scores } from './engine.ts';

/** A scorer elsewhere that is given the weights of a trainer. */
export interface CurrentScorer {
  /** Says that what is scored from now on is to be scored with the weights of that moment. */
  outdate(): void;
  /** Scores with the weights that the trainer had, after all that was asked of it until then, when they were last outdated. */
  score(batch: Batch | Promise<Batch>): Promise<Scores>;
}

/**
 * Hands the weights of a trainer to a scorer before it scores, once each time they are outdated. `weights` asks the trainer,
 * which answers in the order of its calls.
 */
export function scoringWithCurrent(
  weights: () => Promise<Readonly<Record<string, Tensor>>>,
  scorer: RefreshedScorer,
): CurrentScorer {
  let outdated = true;
  let posted: Promise<unknown> = Promise.resolve();
  return {
    outdate() {
      outdated = true;
    },
    async score(batch) {
      // It is looked at in its turn, and may fail before that.
      const given = reportedLater(Promise.resolve(batch));
      // Asked for at once, so that these are the weights of this moment.
      const asked = outdated ? reportedLater(weights()) : null;
      outdated = false;
      // Each call is handed to the scorer in its turn, so that none is scored with the weights of another.
      const begun = posted.then(async () => {
        const taken = asked && reportedLater(scorer.setWeights(await asked));
        // After the weights, which those behind a batch that cannot be gathered need as well.
        return [reportedLater(scorer.score(await given)), taken] as const;
      });
      posted = begun.catch(() => undefined);
      const [scores] = await Promise.all(await begun);
      return scores;
    },
  };
}
