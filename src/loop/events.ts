import type { RankAgreement } from '../core/rankAgreement.ts';

/** Smallest, quartiles and largest of some losses; those that are not finite are left out. */
export interface Quantiles {
  readonly min: number;
  readonly q25: number;
  readonly median: number;
  readonly q75: number;
  readonly max: number;
}

/** Seconds that a run worked since its step before: by what was done, and by who did it. */
export interface Busy {
  /** Training steps; with all that is in them where they score and choose themselves. */
  readonly train: number;
  /** Training losses of candidates. */
  readonly score: number;
  /** Irreducible losses that are scored online. */
  readonly irreducible: number;
  /** The trainer's thread: training, and what it scores itself. */
  readonly trainer: number;
  /** Something beside it, one scorer or two. */
  readonly beside: number;
  /** Both at once. */
  readonly both: number;
}

/** How well the losses that a step selects by agree with exact ones under the weights it begins with. */
export interface Agreement extends RankAgreement {
  /** Candidates compared. */
  readonly candidates: number;
  /** Seconds that scoring them exactly took, in full precision with the trainer's threads; null where it was not measured. */
  readonly exactSeconds: number | null;
}

/** One training step. Everything an evaluation or a report says of selection is made from these. */
export interface StepEvent {
  readonly type: 'step';
  /** 1 for the first step. */
  readonly step: number;
  /** Wall-clock since the first step without evaluation and checkpoints; a resumed run goes on counting. */
  readonly seconds: number;
  /** Mean loss of the small batch in the training form, before the step. */
  readonly loss: number;
  /** Global ids of the small batch, best score first. */
  readonly ids: readonly number[];
  /** How many of them carry a wrong label; null where the truth is not known. */
  readonly corrupted: number | null;
  /** How many of them the target already predicted rightly (as labelled) before the step. */
  readonly learnt: number;
  /** Null where no loss is finite. */
  readonly selectedLoss: Quantiles | null;
  /** The candidates that were passed over; null for a strategy that does not score them. */
  readonly otherLoss: Quantiles | null;
  /** Candidates excluded because a loss was not a number. */
  readonly nanCandidates: number;
  /** Candidates whose last loss stood in for a new one; absent where losses are not reused. */
  readonly reused?: number;
  /** Absent in runs of before there was this. */
  readonly busy?: Busy;
}

/** The target on the test set after `step` steps; shares and quantiles cover the steps since the last evaluation. */
export interface EvaluationEvent {
  readonly type: 'evaluation';
  readonly step: number;
  readonly seconds: number;
  /** Passes over the candidates so far. */
  readonly epochs: number;
  readonly accuracy: number;
  readonly loss: number;
  readonly corruptedShare: number | null;
  readonly learntShare: number | null;
  /** Means of the quantiles of the steps. */
  readonly selectedLoss: Quantiles | null;
  readonly otherLoss: Quantiles | null;
  /** Seconds that the trainer took to score one of its examples in full precision; absent where it was not measured. */
  readonly forwardSeconds?: number;
  /** Of the scores of the next step's candidates; null where they are exact, absent where the run is over. */
  readonly agreement?: Agreement | null;
}

/** How the losses of candidates were come by. What is optional is absent in runs of before there was it. */
export interface RecordedScoring {
  /** `exact`, or what makes it cheaper: `int8`. */
  readonly form: string;
  /** Steps that the weights lie behind. */
  readonly staleness: number;
  /** Steps from one refresh of the scorer's weights to the next. */
  readonly refresh: number;
  /** Candidates that the trainer scored again, exactly, to choose from those; null for none. */
  readonly shortlist?: number | null;
  /** Candidates of a step that were scored, the others keeping their last losses for so many passes; null where all were. */
  readonly reuse?: { readonly count: number; readonly epochs: number } | null;
  /** Whether a step scored, chose and trained in one graph. */
  readonly inOneGraph?: boolean;
}

/** The first line of an event file. What is optional is absent in runs of before there was it. */
export interface StartEvent {
  readonly type: 'start';
  readonly version: 1;
  readonly strategy: string;
  readonly seed: number;
  readonly dataSeed: number;
  /** The block of the blocked operators that convolutions were written in; null for standard ones. */
  readonly block?: number | null;
  /** Fingerprints of what the run is made from: going on with other data or another model is refused. */
  readonly data: string;
  readonly test: string;
  /** SHA-256 of the model before training. */
  readonly model: string;
  /** Threads of the trainer. */
  readonly threads?: number;
  /** Threads of what scores candidates beside the trainer; null where the trainer does, or nothing. */
  readonly scoreThreads?: number | null;
  /** Threads of what scores irreducible losses in the run; null where they were scored before it. */
  readonly onlineThreads?: number | null;
  readonly scoring?: RecordedScoring;
  /** Candidates of a step (n_B), and how many of them it trains on (n_b). */
  readonly bigBatch?: number;
  readonly smallBatch?: number;
  /** Cores of the machine that it began on. */
  readonly cores?: number;
}

export type TrainEvent = StartEvent | StepEvent | EvaluationEvent;
