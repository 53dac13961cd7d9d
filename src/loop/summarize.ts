import { mean, meanOfKnown } from '../core/statistics.ts';
import { evaluationBy } from './equalTimes.ts';
import type { EvaluationEvent, StepEvent, TrainEvent } from './events.ts';
import { sharesOf } from './shares.ts';
import type { PerSeed, StrategySummary, WindowedShare } from './summary.ts';

/** The windows of steps that shares are told for, as their last steps; the last window is open. */
const windowEnds = [50, 100, 400, 1000];

/**
 * What the runs of one strategy, one per seed, come to. `targets` are accuracies as typed by the user; the steps, seconds and
 * epochs to a target are those of the first evaluation that reached it. `times` are seconds as text.
 */
export function summarize(
  runs: readonly (readonly TrainEvent[])[],
  targets: readonly string[],
  times: readonly string[] = [],
): StrategySummary {
  const evaluations = runs.map((events) => events.filter((event) => event.type === 'evaluation'));
  const steps = runs.map((events) => events.filter((event) => event.type === 'step'));
  const firstAt = (target: string) =>
    evaluations.map((run) => run.find((evaluation) => evaluation.accuracy >= Number(target)));
  const toTarget = (figure: (evaluation: EvaluationEvent) => number) =>
    Object.fromEntries(
      targets.map((target) => [target, perSeed(firstAt(target).map((found) => (found ? figure(found) : null)))]),
    );
  return {
    stepsToTarget: toTarget(({ step }) => step),
    secondsToTarget: toTarget(({ seconds }) => seconds),
    epochsToTarget: toTarget(({ epochs }) => epochs),
    finalAccuracy: {
      ...perSeed(evaluations.map((run) => run.at(-1)?.accuracy ?? null)),
      lastFiveMean: meanOfKnown(
        evaluations.map((run) => (run.length === 0 ? null : mean(run.slice(-5).map(({ accuracy }) => accuracy)))),
      ),
    },
    accuracyAfter: Object.fromEntries(
      times.map((time) => [time, perSeed(evaluations.map((run) => evaluationBy(run, Number(time))?.accuracy ?? null))]),
    ),
    seconds: perSeed(steps.map((run) => run.at(-1)?.seconds ?? null)),
    corruptedShare: windowed(steps, (window) => sharesOf(window).corruptedShare),
    learntShare: windowed(steps, (window) => sharesOf(window).learntShare),
  };
}

/** A target that one seed never reached has no mean. */
function perSeed(values: readonly (number | null)[]): PerSeed {
  return { mean: values.includes(null) ? null : meanOfKnown(values), perSeed: values };
}

function windowed(
  runs: readonly (readonly StepEvent[])[],
  share: (steps: readonly StepEvent[]) => number | null,
): WindowedShare {
  const over = (from: number, to: number) =>
    meanOfKnown(runs.map((steps) => share(steps.filter(({ step }) => step >= from && step <= to))));
  const last = Math.max(0, ...runs.map((steps) => steps.at(-1)?.step ?? 0));
  const windows = [...windowEnds, Number.POSITIVE_INFINITY].map((end, index) => {
    const start = (windowEnds[index - 1] ?? 0) + 1;
    return { name: Number.isFinite(end) ? `${start}-${end}` : `${start}-`, start, end };
  });
  return {
    overall: over(1, Number.POSITIVE_INFINITY),
    byWindow: Object.fromEntries(
      windows.filter(({ start }) => start <= last).map(({ name, start, end }) => [name, over(start, end)]),
    ),
  };
}
