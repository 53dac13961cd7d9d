import { mean } from '../core/statistics.ts';
import type { EvaluationEvent, StepEvent, TrainEvent } from './events.ts';
import { countedSteps, warmUp } from './sides.ts';

/** Steps of a run one after the other, so many that what is done once in several of them evens out. */
export interface Stretch {
  readonly steps: readonly StepEvent[];
  /** The mean of what evaluations within it timed; null where none did. */
  readonly timed: number | null;
}

/**
 * Cuts runs into stretches, each of which ends at an evaluation that timed something and holds at least `atLeast` steps, or ten;
 * what is left at the end of a run belongs to its last one. Steps that do not count are left out.
 */
export function stretchesOf(
  runs: readonly (readonly TrainEvent[])[],
  timedBy: (evaluation: EvaluationEvent) => number | null,
  counts: (step: StepEvent) => boolean,
  atLeast: number,
): Stretch[] {
  return runs.flatMap((run) => stretchesOfRun(run, timedBy, counts, Math.max(atLeast, warmUp)));
}

function stretchesOfRun(
  events: readonly TrainEvent[],
  timedBy: (evaluation: EvaluationEvent) => number | null,
  counts: (step: StepEvent) => boolean,
  atLeast: number,
): Stretch[] {
  const counted = new Set(countedSteps(events).steps.filter(counts));
  const parts: { steps: StepEvent[]; timed: number[] }[] = [];
  let open: { steps: StepEvent[]; timed: number[] } = { steps: [], timed: [] };
  for (const event of events) {
    if (event.type === 'step' && counted.has(event)) open.steps.push(event);
    if (event.type !== 'evaluation') continue;
    const seconds = timedBy(event);
    if (seconds !== null) open.timed.push(seconds);
    if (open.timed.length === 0 || open.steps.length < atLeast) continue;
    parts.push(open);
    open = { steps: [], timed: [] };
  }
  const last = parts.at(-1);
  if (last === undefined) parts.push(open);
  else {
    last.steps.push(...open.steps);
    last.timed.push(...open.timed);
  }
  return parts
    .filter(({ steps }) => steps.length > 0)
    .map(({ steps, timed }) => ({ steps, timed: timed.length === 0 ? null : mean(timed) }));
}
