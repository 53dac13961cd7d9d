import type { Busy, StepEvent, TrainEvent } from './events.ts';

/** Where the time of a step goes, as a mean over the steps of some runs, in seconds. */
export interface Sides {
  /** Steps counted. */
  readonly steps: number;
  /** Wall-clock of a step without evaluation and checkpoints. */
  readonly seconds: number;
  /** Null where a run did not record it. */
  readonly busy: Busy | null;
}

/** Sessions warm up in the first steps of a run; they are left out where there are at least twice as many. */
const warmUp = 10;

/** The mean step of some runs; null where they have none. */
export function sidesOf(runs: readonly (readonly TrainEvent[])[]): Sides | null {
  const counted = runs.map(countedSteps);
  const steps = counted.flatMap((run) => run.steps);
  if (steps.length === 0) return null;
  const seconds = counted.reduce((sum, run) => sum + run.seconds, 0) / steps.length;
  return { steps: steps.length, seconds, busy: meanBusy(steps) };
}

/** Seconds that a side does not work in a mean step. */
export function waitingOf({ seconds, busy }: Sides): { readonly train: number; readonly score: number } | null {
  return busy && { train: Math.max(0, seconds - busy.train), score: Math.max(0, seconds - busy.score) };
}

/** The share of the shorter side's work during which the other works too, 0 … 1; null where a side has no work. */
export function overlapOf({ busy }: Sides): number | null {
  if (busy === null) return null;
  const shorter = Math.min(busy.train, busy.score);
  return shorter > 0 ? busy.both / shorter : null;
}

function countedSteps(events: readonly TrainEvent[]): { steps: readonly StepEvent[]; seconds: number } {
  const all = events.filter((event) => event.type === 'step');
  const skipped = all.length >= 2 * warmUp ? warmUp : 0;
  const until = all[skipped - 1]?.seconds ?? 0;
  return { steps: all.slice(skipped), seconds: (all.at(-1)?.seconds ?? until) - until };
}

function meanBusy(steps: readonly StepEvent[]): Busy | null {
  const all = steps.flatMap(({ busy }) => busy ?? []);
  if (all.length < steps.length) return null;
  const meanOf = (side: keyof Busy) => all.reduce((sum, busy) => sum + busy[side], 0) / all.length;
  return { train: meanOf('train'), score: meanOf('score'), both: meanOf('both') };
}
