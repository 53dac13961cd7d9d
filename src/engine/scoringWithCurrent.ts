import type { Batch } from '../core/batch.ts';
import { reportedLater } from '../core/reportedLater.ts';
import type { Tensor } from '../core/tensor.ts';
import type { RefreshedScorer, Scores } from './engine.ts';

/** A scorer elsewhere that is given the weights of a trainer. */
export interface CurrentScorer {
  /** Says that what is scored from now on is to be scored with the weights of that moment. */
  outdate(): void;
  /**
   * Scores with the weights that the trainer had, after all that was asked of it until then, when they were last outdated. A
   * batch that is yet to be gathered is so when the scorer has no more than one before it. After a failure every call fails.
   */
  score(batch: Batch | (() => Promise<Batch>)): Promise<Scores>;
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
  /** What the last call gives, and the one before. */
  let [last, beforeLast]: Promise<unknown>[] = [posted, posted];
  return {
    outdate() {
      outdated = true;
    },
    score(batch) {
      // Asked for at once, so that these are the weights of this moment.
      const asked = outdated ? reportedLater(weights()) : null;
      outdated = false;
      const isNext = beforeLast;
      // Each call is handed to the scorer in its turn, so that none is scored with the weights of another; those behind one that
      // fails fail with it.
      const begun = posted.then(async () => {
        await isNext;
        const gathered = reportedLater(typeof batch === 'function' ? batch() : Promise.resolve(batch));
        const taken = asked && reportedLater(scorer.setWeights(await asked));
        return [reportedLater(scorer.score(await gathered)), taken] as const;
      });
      const scored = reportedLater(begun.then(async (both) => (await Promise.all(both))[0]));
      posted = begun;
      [last, beforeLast] = [scored, last];
      return scored;
    },
  };
}
