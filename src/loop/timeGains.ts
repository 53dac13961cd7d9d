import type { StrategySummary } from './summary.ts';

/** Seconds, or a gain in time, by how much of the cost of the irreducible losses is counted. */
export interface ByIrreducible {
  /** Nothing of it. */
  readonly none: number | null;
  /** Shared by the runs that used them here. */
  readonly sharedHere: number | null;
  /** Shared by five runs. */
  readonly sharedByFive: number | null;
  /** All of it. */
  readonly whole: number | null;
}

/** What a run took to a target accuracy beside uniform; means over seeds, null where not every seed reached it. */
export interface TargetLedger {
  /** g: uniform's steps over ours. */
  readonly stepGain: number | null;
  /** The f below which a step gain of g saves machine time: t r (g - 1). */
  readonly breakEven: number | null;
  readonly uniformSeconds: number | null;
  readonly seconds: ByIrreducible;
  /** Uniform's seconds over ours; null where the two had other numbers of cores to work with. */
  readonly gain: ByIrreducible;
}

/** What gains are reckoned from. */
export interface GainTerms {
  readonly own: StrategySummary;
  readonly uniform: StrategySummary | null;
  /** Seconds of training the IL model and scoring by it; null where not known. */
  readonly irreducibleSeconds: number | null;
  /** Runs that share them here. */
  readonly sharedBy: number;
  /** Whether both had the same cores to work with. */
  readonly sameCores: boolean;
  /** t r: the cost of training in exact forwards for each candidate; null where not known. */
  readonly trainedByCandidate: number | null;
}

/** The gains at one target, as typed. */
export function gainsAt(target: string, terms: GainTerms): TargetLedger {
  const { own, uniform, irreducibleSeconds, sharedBy, sameCores, trainedByCandidate } = terms;
  const stepGain = ratio(uniform?.stepsToTarget[target]?.mean, own.stepsToTarget[target]?.mean);
  const uniformSeconds = uniform?.secondsToTarget[target]?.mean ?? null;
  const alone = own.secondsToTarget[target]?.mean ?? null;
  const counting = (share: number): number | null => {
    if (share === 0 || alone === null) return alone;
    return irreducibleSeconds === null ? null : alone + share * irreducibleSeconds;
  };
  const seconds = byIrreducible((share) => counting(share), sharedBy);
  return {
    stepGain,
    breakEven: stepGain === null || trainedByCandidate === null ? null : trainedByCandidate * (stepGain - 1),
    uniformSeconds,
    seconds,
    gain: byIrreducible((share) => (sameCores ? ratio(uniformSeconds, counting(share)) : null), sharedBy),
  };
}

function byIrreducible(figure: (share: number) => number | null, sharedBy: number): ByIrreducible {
  return {
    none: figure(0),
    sharedHere: figure(1 / sharedBy),
    sharedByFive: figure(1 / 5),
    whole: figure(1),
  };
}

function ratio(above: number | null | undefined, below: number | null | undefined): number | null {
  return above == null || below == null || !(below > 0) ? null : above / below;
}
