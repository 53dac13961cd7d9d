import { mean } from '../core/statistics.ts';
import type { Busy, EvaluationEvent, RecordedScoring, StartEvent, StepEvent, TrainEvent } from './events.ts';
import { type Ran, ranOf } from './ran.ts';
import { hasReused, type Reused, reusedBy } from './reuse.ts';
import { overlapOf, sidesOf, type Waiting, waitingOf } from './sides.ts';
import { summarize } from './summarize.ts';
import { gainsAt, type TargetLedger } from './timeGains.ts';
import { isExact, type MeasuredRuns, type Spread, unitCostsOf } from './unitCosts.ts';

/** What a ledger is made from. */
export interface LedgerTerms {
  /** The runs of a strategy that scores its candidates, one per seed and otherwise alike. */
  readonly runs: readonly (readonly TrainEvent[])[];
  /** Uniform runs from the same seeds; null where there are none. */
  readonly uniform: readonly (readonly TrainEvent[])[] | null;
  /** Cores of the machine, where the runs did not record them: threads that are more than these share them. */
  readonly cores: number;
  /** The seconds that training the IL model and scoring by it took, null where not known, and the runs here that share them; null for a strategy that needs none. */
  readonly irreducible: {
    readonly seconds: number | null;
    readonly runs: number;
    /** Where the seconds are known from, or why they are not, in words. */
    readonly source?: string;
  } | null;
  /** Accuracies as typed. */
  readonly targets: readonly string[];
}

/**
 * What selection cost in some runs and what it brought, all of it measured in them. A figure that cannot be known is null,
 * and `unknown` says why, by the name of the figure. What is optional is absent in reports of before there was it.
 */
export interface Ledger {
  /** How far its runs went, and uniform's; null where there are none. */
  readonly ran?: Ran | null;
  readonly uniformRan?: Ran | null;
  readonly threads: number | null;
  /** Null where the trainer scores, or where it is not known. */
  readonly scoreThreads: number | null;
  /** Null where irreducible losses were scored before the run, or where it is not known. */
  readonly onlineThreads: number | null;
  readonly scoring: RecordedScoring | null;
  /** Wall-clock of a mean step, without evaluation and checkpoints. */
  readonly secondsPerStep: number | null;
  readonly uniformSecondsPerStep: number | null;
  /** Uniform steps that a step costs, both with the same cores to work with. */
  readonly uniformSteps: number | null;
  /** Seconds of a mean step that each kind of work and each side took, and uniform's. */
  readonly busy: Busy | null;
  readonly uniformBusy: Busy | null;
  /** Seconds of a mean step that the trainer, and what scores beside it, did not work. */
  readonly waiting: Waiting | null;
  /** Both at once over the work of the shorter of the two, 0 … 1. */
  readonly overlap: number | null;
  /** f, t and r of the break-even; see UnitCosts. */
  readonly scored: number | null;
  /** The middle half of f over stretches of the runs; null where it does not vary. */
  readonly scoredSpread?: Spread | null;
  readonly trained: number | null;
  readonly kept: number | null;
  /** In which steps losses were reused: f and the agreement are of those, where there are any. Null where none were to be. */
  readonly reused?: Reused | null;
  /** Means over evaluations of how well the scores agreed with exact ones; null where they were exact. */
  readonly agreement: {
    readonly spearman: number;
    readonly topTenthOverlap: number;
    readonly evaluations: number;
  } | null;
  /** 0 for a strategy that needs none. */
  readonly irreducibleSeconds: number | null;
  /** Where those are known from. */
  readonly irreducibleSource?: string | null;
  /** Runs here that share them, 1 or more. */
  readonly sharedBy: number;
  /** By target accuracy as typed. */
  readonly targets: Readonly<Record<string, TargetLedger>>;
  readonly unknown: Readonly<Record<string, string>>;
}

/** The cost ledger of some runs. All of it is in their events, so a resumed run keeps its own. */
export function ledgerOf({ runs, uniform, irreducible, targets, ...machine }: LedgerTerms): Ledger {
  const start = startOf(runs);
  const cores = start?.cores ?? machine.cores;
  const uniformStart = uniform === null ? undefined : startOf(uniform);
  const sides = sidesOf(runs);
  const uniformSides = uniform === null ? null : sidesOf(uniform);
  const beside = uniform && { start: uniformStart, sides: uniformSides };
  const costs = unitCostsOf(runs, { start, sides }, beside, cores);
  const kept = start?.bigBatch && start.smallBatch ? start.smallBatch / start.bigBatch : null;
  const agreement = meanAgreement(runs);
  const neverCompared = whyNeverCompared(runs);
  const unfair = whyUnfair({ start, sides }, beside, cores);
  const irreducibleSeconds = irreducible === null ? 0 : irreducible.seconds;
  const sharedBy = Math.max(1, irreducible?.runs ?? 1);
  const terms = {
    own: summarize(runs, targets),
    uniform: uniform && summarize(uniform, targets),
    irreducibleSeconds,
    sharedBy,
    sameCores: unfair === null,
    trainedByCandidate: costs.trained === null || kept === null ? null : costs.trained * kept,
  };
  const overlap = sides && overlapOf(sides);
  const figures = {
    secondsPerStep: sides?.seconds ?? null,
    uniformSecondsPerStep: uniformSides?.seconds ?? null,
    uniformSteps: unfair === null && sides && uniformSides ? sides.seconds / uniformSides.seconds : null,
    busy: sides?.busy ?? null,
    overlap,
    scored: costs.scored,
    trained: costs.trained,
    kept,
    agreement,
    irreducibleSeconds,
  };
  return {
    ran: ranOf(runs),
    uniformRan: uniform && ranOf(uniform),
    threads: start?.threads ?? null,
    scoreThreads: start?.scoreThreads ?? null,
    onlineThreads: start?.onlineThreads ?? null,
    scoring: start?.scoring ?? null,
    ...figures,
    scoredSpread: costs.scoredSpread,
    reused: reusedBy(runs),
    irreducibleSource: (irreducibleSeconds !== null && irreducible?.source) || null,
    uniformBusy: uniformSides?.busy ?? null,
    waiting: sides && waitingOf(sides),
    sharedBy,
    targets: Object.fromEntries(targets.map((target) => [target, gainsAt(target, terms)])),
    unknown: reasons(figures, {
      secondsPerStep: 'there are no steps',
      uniformSecondsPerStep: 'no uniform run stands beside it',
      uniformSteps: unfair ?? 'there are no steps',
      busy: 'the run did not record how long its two sides worked',
      overlap: sides?.busy
        ? 'nothing worked beside the trainer'
        : 'the run did not record how long its two sides worked',
      scored: costs.unknown ?? '',
      trained: costs.unknown ?? '',
      kept: 'the run did not record its batch sizes',
      agreement: isExact(start) ? 'its scores are exact' : neverCompared,
      irreducibleSeconds: irreducible?.source ?? 'they were made elsewhere',
    }),
  };
}

function startOf(runs: readonly (readonly TrainEvent[])[]): StartEvent | undefined {
  return runs.flat().find((event) => event.type === 'start');
}

function reasons<Name extends string>(
  figures: Readonly<Record<Name, unknown>>,
  why: Readonly<Record<Name, string>>,
): Record<string, string> {
  const missing = (Object.keys(figures) as Name[]).filter((name) => figures[name] === null);
  return Object.fromEntries(missing.map((name) => [name, why[name]]));
}

/** Why times cannot be held against uniform's; null where they can. */
function whyUnfair({ start, sides }: MeasuredRuns, uniform: MeasuredRuns | null, cores: number): string | null {
  if (!uniform?.sides) return 'no uniform run stands beside it';
  if (start?.threads === undefined || uniform.start?.threads === undefined)
    return 'the runs did not record their threads';
  const { threads, scoreThreads = 0, onlineThreads = 0 } = start;
  const inAll = Math.min(cores, threads + (scoreThreads ?? 0) + (onlineThreads ?? 0));
  const byUniform = Math.min(cores, uniform.start.threads);
  if (inAll === byUniform) return null;
  // Sides that take turns have their threads one after the other.
  const inTurns = Math.min(cores, Math.max(threads, scoreThreads ?? 0));
  if (sides?.busy?.both === 0 && inTurns <= byUniform && byUniform <= inAll) return null;
  return `it had ${inAll} of ${cores} cores to work with and uniform ${byUniform}`;
}

function meanAgreement(runs: readonly (readonly TrainEvent[])[]): Ledger['agreement'] {
  // Where nothing differs there is no rank to compare, and JSON has no NaN.
  const all = comparisons(runs).flatMap(({ agreement }) =>
    agreement && Number.isFinite(agreement.spearman) && Number.isFinite(agreement.topTenthOverlap) ? agreement : [],
  );
  if (all.length === 0) return null;
  return {
    spearman: mean(all.map(({ spearman }) => spearman)),
    topTenthOverlap: mean(all.map(({ topTenthOverlap }) => topTenthOverlap)),
    evaluations: all.length,
  };
}

/** The evaluations that compare scores of a next step: where losses were reused, of a step that did. */
function comparisons(runs: readonly (readonly TrainEvent[])[]): EvaluationEvent[] {
  const reusing = runs.map((run) => new Set(run.flatMap((event) => (isReusing(event) ? event.step : []))));
  const anyReused = reusing.some(({ size }) => size > 0);
  return runs.flatMap((run, index) =>
    run
      .filter((event) => event.type === 'evaluation')
      .filter(({ agreement, step }) => agreement && (!anyReused || reusing[index]!.has(step + 1))),
  );
}

function isReusing(event: TrainEvent): event is StepEvent {
  return event.type === 'step' && hasReused(event);
}

/** Why the scores of some runs were not compared with exact ones, and what to do about it. */
function whyNeverCompared(runs: readonly (readonly TrainEvent[])[]): string {
  const events = runs.flat();
  const steps = Math.max(0, ...events.map((event) => (event.type === 'step' ? event.step : 0)));
  const evaluated = events.some((event) => event.type === 'evaluation' && event.step < steps);
  if (!evaluated)
    return `they are compared at evaluations before the last step, and there was none: train for more steps${steps > 1 ? `, or pass --eval-every below ${steps}` : ''}`;
  return events.some(isReusing)
    ? 'no evaluation stood before a step that reused losses: train for more steps, or pass a lower --eval-every'
    : 'its scores were never compared with exact ones';
}
