import { mean } from '../core/statistics.ts';
import type { TrainEvent } from './events.ts';

/** How far some runs went: means over them, without evaluation and checkpoints. */
export interface Ran {
  readonly seeds: number;
  readonly steps: number;
  readonly seconds: number;
}

/** Null where there are no steps. */
export function ranOf(runs: readonly (readonly TrainEvent[])[]): Ran | null {
  const ends = runs.flatMap((run) => run.findLast((event) => event.type === 'step') ?? []);
  if (ends.length === 0) return null;
  return {
    seeds: ends.length,
    steps: mean(ends.map(({ step }) => step)),
    seconds: mean(ends.map(({ seconds }) => seconds)),
  };
}
