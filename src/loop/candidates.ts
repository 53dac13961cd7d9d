import type { Batch } from '../core/batch.ts';
import type { Order } from '../core/order.ts';
import { reportedLater } from '../core/reportedLater.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Scores } from '../engine/engine.ts';
import type { BusyMeter } from './busyMeter.ts';
import type { IrreducibleLosses } from './irreducible.ts';

/** The candidates of one step. */
export interface Candidates {
  readonly ids: Uint32Array;
  /** Gathers their examples, once, for whoever scores them with the target: the buffers may be taken away. */
  batch(): Promise<Batch>;
  /** Null where the strategy does without. */
  readonly irreducible: Promise<Pick<Scores, 'loss' | 'span'>> | null;
}

/** The candidates of steps, whose irreducible losses are fetched or scored before they are needed. */
export interface CandidatesAhead {
  /** Those of step `index`, 0 for the first. The first call for a step begins with its irreducible losses. */
  at(index: number): Candidates;
  /** Lets go of what a step needed. */
  drop(index: number): void;
  /** Waits for all that is under way. */
  settled(): Promise<void>;
}

/** `losses` is null where irreducible ones are not needed. */
export function candidatesAhead(
  data: Dataset,
  order: Order,
  losses: IrreducibleLosses | null,
  busy: BusyMeter,
): CandidatesAhead {
  const known = new Map<number, Candidates & { settled(): Promise<unknown> }>();
  const irreducibleOf = async (losses: IrreducibleLosses, ids: Uint32Array) => {
    const found = await losses.at(ids, () => data.gather(ids));
    busy.add('irreducible', 'beside', found.span);
    return found;
  };
  const begin = (index: number) => {
    const ids = order.at(index);
    const irreducible = losses && reportedLater(irreducibleOf(losses, ids));
    let gathered: Promise<Batch> | undefined;
    return {
      ids,
      irreducible,
      batch() {
        gathered ??= reportedLater(data.gather(ids));
        return gathered;
      },
      settled: () => Promise.all([irreducible, gathered]),
    };
  };
  return {
    at(index) {
      const candidates = known.get(index) ?? begin(index);
      known.set(index, candidates);
      return candidates;
    },
    drop: (index) => void known.delete(index),
    async settled() {
      await Promise.all([...known.values()].map((candidates) => candidates.settled()));
    },
  };
}
