import { mean } from '../core/statistics.ts';
import type { Busy, EvaluationEvent, StartEvent } from './events.ts';
import { type Sides, scoredByTrainer } from './sides.ts';

/**
 * What scoring and training cost, in exact full-precision forwards of one candidate. A cost is core-seconds for one example:
 * the seconds that it was worked at times the threads. While two threads work at once and have more threads of their own than
 * there are cores, each is taken to have cores in proportion.
 */
export interface UnitCosts {
  /**
   * f: the cost of the losses of one candidate, as they were come by: irreducible losses that are scored online count, and
   * a candidate whose loss was not computed again costs nothing. 1 where the trainer scores all of them exactly, and the
   * irreducible losses come from a store.
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

/** Core-seconds of a mean step. */
interface StepCosts {
  readonly train: number;
  readonly score: number;
  readonly irreducible: number;
}

/** Unit costs of runs; `evaluations` are those of all of them. */
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

  const own = coreSeconds(sides.busy, start!, threads, cores);
  const trainersCores = Math.min(cores, threads);
  const trainedByUniform = uniformsTrained(uniform, cores);
  if (scoring.inOneGraph) {
    const forward = mean(evaluations.flatMap(({ forwardSeconds = [] }) => forwardSeconds)) * trainersCores;
    if (!(forward > 0)) return unknown('scoring was never timed apart from its steps');
    // A step is all forwards and what comes on top for those that it trains on.
    const trained = trainedByUniform ?? Math.max(0, own.train - forward * bigBatch) / smallBatch;
    return { scored: 1 + own.irreducible / bigBatch / forward, trained: trained / forward, unknown: null };
  }
  const trained = trainedByUniform ?? own.train / smallBatch;
  const isUnit = isExact(start) && scoreThreads === null;
  const forward = isUnit ? own.score / bigBatch : timedExactly(evaluations) * trainersCores;
  if (!(forward > 0))
    return unknown(isUnit ? 'its candidates took no time to score' : 'exact scoring was never timed beside it');
  const scored = (own.score + own.irreducible) / bigBatch;
  return { scored: scored / forward, trained: trained / forward, unknown: null };
}

/** Whether all candidates were scored in full with the weights that the step begins with. */
export function isExact(start: StartEvent | undefined): boolean {
  const { scoring } = start ?? {};
  return scoring?.form === 'exact' && scoring.staleness === 0 && scoring.refresh === 1 && !scoring.reuse;
}

/** Seconds of an exact forward, as comparisons with exact scores took them: alone and with the trainer's threads. */
function timedExactly(evaluations: readonly EvaluationEvent[]): number {
  return mean(
    evaluations.flatMap(({ agreement }) =>
      agreement && agreement.exactSeconds !== null && agreement.candidates > 0
        ? agreement.exactSeconds / agreement.candidates
        : [],
    ),
  );
}

function uniformsTrained(uniform: MeasuredRuns | null, cores: number): number | null {
  const { threads, smallBatch } = uniform?.start ?? {};
  const busy = uniform?.sides?.busy;
  if (!busy || threads === undefined || !smallBatch) return null;
  return (busy.train * Math.min(cores, threads)) / smallBatch;
}

/** What each kind of work took; a trainer that scores does one after the other. */
function coreSeconds(
  busy: Busy,
  { scoreThreads, onlineThreads }: StartEvent,
  threads: number,
  cores: number,
): StepCosts {
  const { train, score, irreducible, trainer, both } = busy;
  const byTrainer = scoredByTrainer(busy);
  const byScorer = score - byTrainer;
  const [scorers, online] = [scoreThreads ?? threads, onlineThreads ?? threads];
  // Either side's kinds of work meet the other side as much as they take time.
  const beside = byScorer + irreducible;
  const inAll = threads + (byScorer > 0 ? scorers : 0) + (irreducible > 0 ? online : 0);
  const cost = (seconds: number, side: number, own: number) => {
    const together = side > 0 ? (both * seconds) / side : 0;
    return (seconds - together) * Math.min(cores, own) + together * own * Math.min(1, cores / inAll);
  };
  return {
    train: cost(train, trainer, threads),
    score: cost(byTrainer, trainer, threads) + cost(byScorer, beside, scorers),
    irreducible: cost(irreducible, beside, online),
  };
}
