import { mean } from '../core/statistics.ts';
import type { EvaluationEvent, StartEvent } from './events.ts';
import type { Sides } from './sides.ts';

/**
 * What scoring and training cost, in exact full-precision forwards of one candidate. A cost is core-seconds for one example:
 * the seconds that a side worked times its threads. While both sides work and have more threads than there are cores, each
 * is taken to have cores in proportion to its threads.
 */
export interface UnitCosts {
  /**
   * f: the cost of the losses of one candidate, as they were come by: irreducible losses that are scored online count, and
   * a candidate whose loss was not computed again costs nothing. 1 where the trainer itself scores exactly.
   */
  readonly scored: number | null;
  /**
   * t: the cost of one trained example, forward, backward and optimiser; 3 by convention. Uniform's where it ran, which
   * shares its cores with nothing.
   */
  readonly trained: number | null;
  /** Why one of them is null. */
  readonly unknown: string | null;
}

/** Some runs that began alike, and where the time of their steps went. */
export interface MeasuredRuns {
  readonly start: StartEvent | undefined;
  readonly sides: Sides | null;
}

/**
 * Unit costs of runs; `evaluations` are those of all of them. The exact forward is what the agreement with exact scores took
 * at evaluations, alone and with the trainer's threads.
 */
export function unitCostsOf(
  { start, sides }: MeasuredRuns,
  uniform: MeasuredRuns | null,
  evaluations: readonly EvaluationEvent[],
  cores: number,
): UnitCosts {
  const unknown = (why: string): UnitCosts => ({ scored: null, trained: null, unknown: why });
  const { threads, scoreThreads, scoring, bigBatch, smallBatch } = start ?? {};
  if (!sides?.busy) return unknown('the run did not record how long its two sides worked');
  if (threads === undefined || !bigBatch || !smallBatch || scoring === undefined || scoreThreads === undefined)
    return unknown('the run did not record its threads, its batch sizes and how it scored');

  const own = coreSeconds(sides.busy, threads, scoreThreads, cores);
  const [scored, trainedHere] = [own.score / bigBatch, own.train / smallBatch];
  const trained = trainedByUniform(uniform, cores) ?? trainedHere;
  if (isExact(start) && scoreThreads === null) {
    if (!(scored > 0)) return unknown('its candidates took no time to score');
    return { scored: 1, trained: trained / scored, unknown: null };
  }
  const exact = evaluations.flatMap(({ agreement }) =>
    agreement && agreement.exactSeconds !== null && agreement.candidates > 0
      ? (agreement.exactSeconds * Math.min(cores, threads)) / agreement.candidates
      : [],
  );
  const forward = mean(exact);
  if (!(forward > 0)) return unknown('exact scoring was never timed beside it');
  return { scored: scored / forward, trained: trained / forward, unknown: null };
}

/** Whether candidates were scored in full with the weights that the step begins with. */
export function isExact(start: StartEvent | undefined): boolean {
  const { scoring } = start ?? {};
  return scoring?.form === 'exact' && scoring.staleness === 0 && scoring.refresh === 1;
}

function trainedByUniform(uniform: MeasuredRuns | null, cores: number): number | null {
  const { threads, smallBatch } = uniform?.start ?? {};
  const busy = uniform?.sides?.busy;
  if (!busy || threads === undefined || !smallBatch) return null;
  return (busy.train * Math.min(cores, threads)) / smallBatch;
}

/** Core-seconds of each side in a mean step; a trainer that scores does one after the other. */
function coreSeconds(
  { train, score, both }: NonNullable<Sides['busy']>,
  threads: number,
  scoreThreads: number | null,
  cores: number,
): { readonly train: number; readonly score: number } {
  const scorers = scoreThreads ?? threads;
  const shared = Math.min(1, cores / (threads + scorers));
  return {
    train: (train - both) * Math.min(cores, threads) + both * threads * shared,
    score: (score - both) * Math.min(cores, scorers) + both * scorers * shared,
  };
}
