import type { Busy, StartEvent, StepEvent, TrainEvent } from './events.ts';

/** Where the time of a step goes, as a mean over the steps of some runs, in seconds. */
export interface Sides {
  /** Steps counted. */
  readonly steps: number;
  /** Wall-clock of a step without evaluation and checkpoints. */
  readonly seconds: number;
  /** Null where a run did not record it. */
  readonly busy: Required<Busy> | null;
}

/** Seconds of a mean step that the trainer's thread works, and that scorers in others do. */
export interface Threads {
  readonly trainer: number;
  /** Null where nothing works beside the trainer. */
  readonly beside: number | null;
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

/** Which thread did what, by how the runs began; null where it was not recorded. */
export function threadsOf({ busy }: Sides, start: StartEvent | undefined): Threads | null {
  if (busy === null) return null;
  const { train, score, irreducible } = busy;
  if (start?.scoreThreads != null) return { trainer: train, beside: score + irreducible };
  return { trainer: train + score, beside: irreducible > 0 ? irreducible : null };
}

/** Seconds that they do not work in a mean step. */
export function waitingOf({ seconds }: Sides, { trainer, beside }: Threads): Threads {
  return {
    trainer: Math.max(0, seconds - trainer),
    beside: beside === null ? null : Math.max(0, seconds - beside),
  };
}

/** The share of the shorter side's work during which the other works too, 0 … 1; null where only the trainer works. */
export function overlapOf({ busy }: Sides, { trainer, beside }: Threads): number | null {
  const shorter = Math.min(trainer, beside ?? 0);
  return busy !== null && shorter > 0 ? busy.both / shorter : null;
}

function countedSteps(events: readonly TrainEvent[]): { steps: readonly StepEvent[]; seconds: number } {
  const all = events.filter((event) => event.type === 'step');
  const skipped = all.length >= 2 * warmUp ? warmUp : 0;
  const until = all[skipped - 1]?.seconds ?? 0;
  return { steps: all.slice(skipped), seconds: (all.at(-1)?.seconds ?? until) - until };
}

function meanBusy(steps: readonly StepEvent[]): Required<Busy> | null {
  const all = steps.flatMap(({ busy }) => busy ?? []);
  if (all.length < steps.length) return null;
  const meanOf = (what: keyof Busy) => all.reduce((sum, busy) => sum + (busy[what] ?? 0), 0) / all.length;
  return { train: meanOf('train'), score: meanOf('score'), irreducible: meanOf('irreducible'), both: meanOf('both') };
}
