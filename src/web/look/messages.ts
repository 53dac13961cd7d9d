import type { MovedData } from '../../jobs/storeData.ts';
import type { AuditCard, AuditExample, NamedClass } from '../../report/auditData.ts';
import type { Confusion } from './confusions.ts';

/** Examples of a class. */
export interface ClassCount {
  readonly named: NamedClass;
  readonly count: number;
}

/** A loss store as a whole, as the page shows it. */
export interface StoreOverview {
  readonly folder: string;
  readonly data: {
    readonly name: string;
    readonly length: number;
    readonly classes: number;
    readonly split: string;
    readonly holdout: string;
    readonly noise: string;
  };
  readonly models: readonly string[];
  readonly device: string;
  /** Rows whose loss is a number, and the others. */
  readonly rows: number;
  readonly nan: number;
  readonly meanLoss: number | null;
  /** Share predicted as labelled; null where no prediction is known, like `suspects`. */
  readonly accuracy: number | null;
  /** Examples predicted as another class than their label. */
  readonly differing: number | null;
  /** Likely label errors (see findSuspects); null as well where the model does no better than guessing. */
  readonly suspects: number | null;
  /** Where the right labels are known: how many are wrong, and how many of the suspects. Null until the data are open. */
  readonly truth: { readonly wrong: number; readonly wrongSuspects: number } | null;
  /** The labels that there are, in order. */
  readonly labels: readonly ClassCount[];
  /** The classes predicted, in order; empty where no prediction is known. */
  readonly predicted: readonly ClassCount[];
  /** All pairs where a table of them is fit to be read; else the most frequent mistakes. */
  readonly confusions: readonly Confusion[];
  readonly isMatrix: boolean;
  /** What can be shown of an example; null while the data are not open. */
  readonly shows: 'pictures' | 'texts' | 'neither' | null;
  /** What looks wrong about the losses as a whole, a sentence each. */
  readonly doubts: readonly string[];
}

/** Which rows are looked at, and how many of them. */
export interface RowsRequest {
  readonly folder: string;
  /** Null takes all. */
  readonly label: number | null;
  readonly predicted: number | null;
  /** Most examples of either end. */
  readonly top: number;
}

/** The rows asked for. */
export interface LookedRows {
  readonly count: number;
  /** Their losses as an SVG element. */
  readonly histogram: string;
  /** Whether its bars are as high as the roots of their counts. */
  readonly isByRoot: boolean;
  /** Whether right and wrong labels stand apart there. */
  readonly isByTruth: boolean;
  /** With pictures that are small, where the data are open. No example is in both. */
  readonly highest: readonly AuditCard[];
  /** Every label in turn. */
  readonly lowest: readonly AuditCard[];
}

/** One example in full. */
export interface ExampleDetails {
  readonly example: AuditExample;
  readonly picture: Blob | null;
}

/** What the worker answers of the store that is looked at. It keeps the last one, so that a filter reads nothing again. */
export type LookCalls = {
  /** Reads a store, and what is known of its data where they are open. */
  readonly look: (folder: string) => Promise<StoreOverview>;
  /**
   * Opens the data of a store, where they lie now, or where the store says: `look` and the others then know names, pictures, texts
   * and the truth. Gives why not, as a sentence; null where they are open.
   */
  readonly lookData: (argument: { readonly folder: string; readonly data: MovedData | null }) => Promise<string | null>;
  readonly lookRows: (request: RowsRequest) => Promise<LookedRows>;
  readonly lookExample: (argument: { readonly folder: string; readonly id: number }) => Promise<ExampleDetails>;
};
