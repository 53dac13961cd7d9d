import { quantileOfSorted } from '../core/statistics.ts';
import type { Busy, EvaluationEvent, StartEvent, TrainEvent } from './events.ts';
import { hasReused } from './reuse.ts';
import { meanBusy, type Sides, scoredByTrainer } from './sides.ts';
import { stretchesOf } from './stretches.ts';

/**
 * What scoring and training cost, in exact full-precision forwards of one candidate. A cost is core-seconds for one example:
 * the seconds that it was worked at times the threads. While two threads work at once and have more threads of their own than
 * there are cores, each is taken to have cores in proportion.
 */
export interface UnitCosts {
  /**
   * f: the cost of the losses of one candidate, as they were come by: irreducible losses that are scored online count, and
   * a candidate whose loss was not computed again costs nothing. 1 where the trainer scores all of them exactly, and the
   * irreducible losses come from a store. The median of stretches of the runs; where losses were reused, of the steps that did.
   */
  readonly scored: number | null;
  /** How sure f is: the quartiles of those stretches, where there are several. */
  readonly scoredSpread: Spread | null;
  /**
   * t: the cost of one trained example, forward, backward and optimiser; 3 by convention. Uniform's where it ran, which
   * shares its cores with nothing.
   */
  readonly trained: number | null;
  /** Why one of them is null. */
  readonly unknown: string | null;
}

/** The middle half of some measurements. */
export interface Spread {
  readonly q25: number;
  readonly q75: number;
  /** How many there are. */
  readonly stretches: number;
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

/** f and t of one stretch. */
interface CostsOfStretch {
  readonly scored: number;
  readonly trained: number;
}

/** Unit costs of runs. */
export function unitCostsOf(
  runs: readonly (readonly TrainEvent[])[],
  { start, sides }: MeasuredRuns,
  uniform: MeasuredRuns | null,
  cores: number,
): UnitCosts {
  const unknown = (why: string): UnitCosts => ({ scored: null, scoredSpread: null, trained: null, unknown: why });
  const { threads, scoreThreads, scoring, bigBatch, smallBatch } = start ?? {};
  if (!sides?.busy) return unknown('the run did not record how long its two sides worked');
  if (threads === undefined || !bigBatch || !smallBatch || scoring === undefined || scoreThreads === undefined)
    return unknown('the run did not record its threads, its batch sizes and how it scored');

  const trainersCores = Math.min(cores, threads);
  const trainedByUniform = uniformsTrained(uniform, cores);
  const isUnit = isExact(start) && scoreThreads === null;
  const timing = scoring.inOneGraph ? timedByEvaluation : isUnit ? () => 0 : timedExactly;
  const anyReused = runs.flat().some((event) => event.type === 'step' && hasReused(event));
  const stretches = stretchesOf(runs, timing, (step) => !anyReused || hasReused(step), scoring.refresh);

  function costsOf(busy: Busy, timed: number | null): CostsOfStretch | null {
    const own = coreSeconds(busy, start!, threads!, cores);
    const scored = (own.score + own.irreducible) / bigBatch!;
    const forward = isUnit && !scoring!.inOneGraph ? own.score / bigBatch! : (timed ?? 0) * trainersCores;
    if (!(forward > 0)) return null;
    if (!scoring!.inOneGraph)
      return { scored: scored / forward, trained: (trainedByUniform ?? own.train / smallBatch!) / forward };
    // A step is all forwards and what comes on top for those that it trains on.
    const trained = trainedByUniform ?? Math.max(0, own.train - forward * bigBatch!) / smallBatch!;
    return { scored: 1 + own.irreducible / bigBatch! / forward, trained: trained / forward };
  }

  const costs = stretches.flatMap(({ steps, timed }) => {
    const busy = meanBusy(steps);
    return (busy && costsOf(busy, timed)) ?? [];
  });
  if (costs.length === 0)
    return unknown(
      scoring.inOneGraph
        ? 'scoring was never timed apart from its steps'
        : isUnit
          ? 'its candidates took no time to score'
          : 'exact scoring was never timed beside it',
    );
  const scored = costs.map((cost) => cost.scored).sort((a, b) => a - b);
  const trained = costs.map((cost) => cost.trained).sort((a, b) => a - b);
  const [q25, q75] = [quantileOfSorted(scored, 0.25), quantileOfSorted(scored, 0.75)];
  return {
    scored: quantileOfSorted(scored, 0.5),
    scoredSpread: q25 < q75 ? { q25, q75, stretches: scored.length } : null,
    trained: quantileOfSorted(trained, 0.5),
    unknown: null,
  };
}

/** Whether all candidates were scored in full with the weights that the step begins with. */
export function isExact(start: StartEvent | undefined): boolean {
  const { scoring } = start ?? {};
  return scoring?.form === 'exact' && scoring.staleness === 0 && scoring.refresh === 1 && !scoring.reuse;
}

/** Seconds of an exact forward, as a comparison with exact scores took them: alone and with the trainer's threads. */
function timedExactly({ agreement }: EvaluationEvent): number | null {
  return agreement && agreement.exactSeconds !== null && agreement.candidates > 0
    ? agreement.exactSeconds / agreement.candidates
    : null;
}

function timedByEvaluation({ forwardSeconds }: EvaluationEvent): number | null {
  return forwardSeconds ?? null;
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
