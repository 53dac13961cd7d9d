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

/** Seconds of a mean step that the two sides do not work. */
export interface Waiting {
  readonly trainer: number;
  /** Of the trainer's, while something beside it works; in the rest nothing does, but for what brings data and messages. */
  readonly forBeside: number;
  /** Null where nothing works beside the trainer. */
  readonly beside: number | null;
}

/** Sessions warm up in the first steps of a run; they are left out where there are at least twice as many. */
export const warmUp = 10;

/** The mean step of some runs; null where they have none. */
export function sidesOf(runs: readonly (readonly TrainEvent[])[]): Sides | null {
  const counted = runs.map(countedSteps);
  const steps = counted.flatMap((run) => run.steps);
  if (steps.length === 0) return null;
  const seconds = counted.reduce((sum, run) => sum + run.seconds, 0) / steps.length;
  return { steps: steps.length, seconds, busy: meanBusy(steps) };
}

/** How long the sides wait; null where it was not recorded. */
export function waitingOf({ seconds, busy }: Sides): Waiting | null {
  if (busy === null) return null;
  const { trainer, beside, both } = busy;
  const waits = Math.max(0, seconds - trainer);
  return {
    trainer: waits,
    forBeside: Math.min(waits, Math.max(0, beside - both)),
    beside: beside > 0 ? Math.max(0, seconds - beside) : null,
  };
}

/** The share of the shorter side's work during which the other works too, 0 … 1; null where only the trainer works. */
export function overlapOf({ busy }: Sides): number | null {
  const shorter = busy === null ? 0 : Math.min(busy.trainer, busy.beside);
  return shorter > 0 ? busy!.both / shorter : null;
}

/** Seconds of scoring that the trainer's thread does itself: all of it, or that of a shortlist. */
export function scoredByTrainer({ train, score, trainer }: Busy): number {
  const seconds = trainer - train;
  // Sums of floats differ in their last digits.
  return seconds > 1e-6 ? Math.min(score, seconds) : 0;
}

/** The steps of a run that count for what a step takes, and their seconds. */
export function countedSteps(events: readonly TrainEvent[]): {
  readonly steps: readonly StepEvent[];
  readonly seconds: number;
} {
  const all = events.filter((event) => event.type === 'step');
  const skipped = all.length >= 2 * warmUp ? warmUp : 0;
  const until = all[skipped - 1]?.seconds ?? 0;
  return { steps: all.slice(skipped), seconds: (all.at(-1)?.seconds ?? until) - until };
}

/** Null where a step did not record it. */
export function meanBusy(steps: readonly StepEvent[]): Busy | null {
  // Runs of before there was this said less.
  const all = steps.flatMap(({ busy }) => (busy?.trainer === undefined ? [] : busy));
  if (all.length < steps.length) return null;
  const names = ['train', 'score', 'irreducible', 'trainer', 'beside', 'both'] as const;
  const means = names.map((name) => [name, all.reduce((sum, busy) => sum + busy[name], 0) / all.length]);
  return Object.fromEntries(means) as unknown as Busy;
}
