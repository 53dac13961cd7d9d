import type { Histogram } from './reportData.ts';

/** A class as a number and, where that is known, by its name. */
export interface NamedClass {
  readonly label: number;
  readonly name: string | null;
}

/** One example of a ranking by irreducible loss. */
export interface AuditExample {
  /** 1 for the highest loss. */
  readonly rank: number;
  readonly id: number;
  /** Infinite where the label given has no probability at all. */
  readonly loss: number;
  readonly given: NamedClass;
  /** Probability that the model gives to the label given. */
  readonly givenProbability: number;
  /** The class predicted; null where only losses are known. */
  readonly suggested: NamedClass | null;
  readonly suggestedProbability: number | null;
  readonly margin: number | null;
  /** Null where the prediction is not known. */
  readonly suspect: boolean | null;
  /** The right label; null where that is not known. */
  readonly truth: NamedClass | null;
  /** The example itself, where the data are text. */
  readonly text: string | null;
}

/** An example with the `data:` address of its picture, where it has one. */
export interface AuditCard extends AuditExample {
  readonly picture: string | null;
}

/** How many suspects of one given label are predicted as another class. */
export interface Confusion {
  readonly suggested: NamedClass;
  readonly count: number;
}

/** What was found among the examples of one given label. */
export interface ClassAudit {
  readonly given: NamedClass;
  readonly examples: number;
  /** Null where no prediction is known. */
  readonly suspects: number | null;
  /** Labels that are wrong; null where the truth is not known. */
  readonly wrong: number | null;
  /** The classes that its suspects are predicted as, most frequent first. */
  readonly confusions: readonly Confusion[];
}

/** Ways to rank examples, the one in use first: by loss, by margin, and by the probability of the prediction. */
export const rankingNames = ['loss', 'margin', 'confidence'] as const;
export type RankingName = (typeof rankingNames)[number];

/** How well a ranking brings wrong labels to the front. */
export interface RankingQuality {
  /** Null where no label or every label is wrong. */
  readonly auroc: number | null;
  /** Share of wrong labels among the first k, for each of `AuditTruth.counts`. */
  readonly precision: readonly number[];
}

/** What the suspects and the ranking are worth, where the truth is known. */
export interface AuditTruth {
  /** Labels that are wrong. */
  readonly wrong: number;
  /** Suspects whose label is wrong; null where no prediction is known. */
  readonly wrongSuspects: number | null;
  /** The k at which `precision` is taken. */
  readonly counts: readonly number[];
  /** Those by margin and confidence are null where a prediction is not known. */
  readonly rankings: Readonly<Record<RankingName, RankingQuality | null>>;
  /** The same precision at more k, for a chart. */
  readonly curve: {
    readonly counts: readonly number[];
    readonly precision: Readonly<Record<RankingName, readonly number[] | null>>;
  };
}

/** What an audit of a loss store found. */
export interface AuditData {
  readonly store: string;
  /** When it was made, ISO 8601. */
  readonly created: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly data: {
    readonly name: string;
    readonly fingerprint: string;
    readonly classes: number;
    /** The rules given to --noise and --labels. */
    readonly noise: string;
    readonly labels: string | null;
    readonly split: string;
  };
  /** The models whose losses these are. */
  readonly models: readonly string[];
  /** Examples ranked. */
  readonly examples: number;
  /** Examples left out because their loss is not a number. */
  readonly nan: number;
  /** Examples whose prediction is not the label given; null where no prediction is known, like `suspects`. */
  readonly differing: number | null;
  readonly suspects: number | null;
  /** Most suspects first. */
  readonly classes: readonly ClassAudit[];
  readonly truth: AuditTruth | null;
  readonly histogram: Histogram;
  /** The given label that the list keeps to; null where it holds all. */
  readonly only: NamedClass | null;
  /** Remarks, a sentence each. */
  readonly notes: readonly string[];
}

/** "cat", or "3" where it has no name. */
export function classInWords({ label, name }: NamedClass): string {
  return name ?? String(label);
}

/** What a ranking goes by. */
export const rankingTitles: Readonly<Record<RankingName, string>> = {
  loss: 'irreducible loss',
  margin: 'margin',
  confidence: 'plain confidence',
};

/** The finding in a sentence. */
export function auditHeadline({ examples, suspects, truth }: AuditData): string {
  const all = examples.toLocaleString('en-US');
  if (suspects === null) return `${all} labels, ranked by irreducible loss`;
  const share = examples === 0 ? 0 : (100 * suspects) / examples;
  const first = `${suspects.toLocaleString('en-US')} of ${all} labels are suspect (${share.toFixed(1)}%)`;
  if (truth === null) return first;
  const right = suspects === 0 ? 0 : (100 * (truth.wrongSuspects ?? 0)) / suspects;
  return `${first}, ${right.toFixed(1)}% of them truly wrong`;
}
