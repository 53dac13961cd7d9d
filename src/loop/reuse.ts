import type { StepEvent, TrainEvent } from './events.ts';

/** In how many of their steps some runs reused losses. */
export interface Reused {
  readonly steps: number;
  /** All steps. */
  readonly of: number;
  /** Steps of a pass over the candidates: losses are known from the second one on. Null where no evaluation tells. */
  readonly pass: number | null;
}

/** Null where losses were not reused on purpose, or in runs that did not record it. */
export function reusedBy(runs: readonly (readonly TrainEvent[])[]): Reused | null {
  const steps = runs.flat().filter((event) => event.type === 'step');
  if (!steps.some(({ reused }) => reused !== undefined)) return null;
  const evaluation = runs.flat().find((event) => event.type === 'evaluation');
  return {
    steps: steps.filter(hasReused).length,
    of: steps.length,
    pass: evaluation && evaluation.epochs > 0 ? Math.round(evaluation.step / evaluation.epochs) : null,
  };
}

/** Whether a step chose by losses of which some were not computed for it. */
export function hasReused({ reused = 0 }: StepEvent): boolean {
  return reused > 0;
}
