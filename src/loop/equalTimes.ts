import type { EvaluationEvent, TrainEvent } from './events.ts';

const parts = 4;

/**
 * Seconds of training to hold strategies against each other at, as text: the quarters of the shortest run, to two digits. None
 * before all runs were evaluated, and none where there are no two strategies.
 */
export function equalTimes(strategies: readonly (readonly (readonly TrainEvent[])[])[]): string[] {
  if (strategies.length < 2) return [];
  const runs = strategies.flat().map((run) => run.filter((event) => event.type === 'evaluation'));
  const shortest = Math.min(...runs.map((run) => run.at(-1)?.seconds ?? 0));
  const first = Math.max(...runs.map((run) => run[0]?.seconds ?? Number.POSITIVE_INFINITY));
  const times = Array.from({ length: parts }, (_, i) => twoDigitsOf((shortest * (i + 1)) / parts));
  return [...new Set(times.filter((seconds) => seconds >= first))].map(String);
}

/** The last evaluation of a run after no more than `seconds` of training. */
export function evaluationBy(run: readonly EvaluationEvent[], seconds: number): EvaluationEvent | undefined {
  return run.findLast((evaluation) => evaluation.seconds <= seconds);
}

/** Cut, not rounded: at a longer time than it ran nothing is known of a run. */
function twoDigitsOf(seconds: number): number {
  if (!(seconds > 0)) return 0;
  const near = Number(seconds.toPrecision(2));
  const digit = 10 ** (Math.floor(Math.log10(near)) - 1);
  return near <= seconds ? near : Number((near - digit).toPrecision(2));
}
