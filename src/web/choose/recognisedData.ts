import type { NamedFile } from '../protocol.ts';
import type { ColumnsAnswer, ColumnsQuestion } from './columns.ts';
import type { DroppedFile } from './droppedFiles.ts';

/** Options that some formats alone have. */
export type FormatOption = 'vocab' | 'tokens' | 'imageSize';

/** Data that were known for what they are. */
export interface RecognisedData {
  /** For people, such as "photos". */
  readonly name: string;
  /** What they were taken for, as part of a sentence: "images in 2 classes (cat, dog)". */
  readonly what: string;
  /** FORMAT:PATH for the jobs. */
  readonly data: string;
  /** FORMAT:PATH of test data that do not lie where training data have theirs. */
  readonly test?: string;
  /** What the jobs read there. */
  readonly files: readonly NamedFile[];
  readonly takes: readonly FormatOption[];
  /** Asked before the data can be used; null where nothing is. */
  readonly question: DataQuestion | null;
}

/** Which columns hold the examples and their labels, where names do not tell. */
export interface DataQuestion {
  /** The file in question. */
  readonly about: string;
  /** What its examples are called: "Text". */
  readonly examples: string;
  readonly columns: readonly string[];
  /** What looks right. */
  readonly guess: ColumnsAnswer;
  /** Whether the first row may be one of examples. */
  readonly mayLackHeader: boolean;
  /** The data as they are with an answer, of which nothing more is asked. */
  readonly answered: (answer: ColumnsAnswer, rename: RenameColumns) => Promise<RecognisedData>;
}

/** Gives a table columns that the readers find (`withColumns`): the whole table may have to be read, which a page cannot do in between. */
export type RenameColumns = (question: ColumnsQuestion, answer: ColumnsAnswer) => Promise<Blob>;

/** Why files that look like data of a format cannot be used, a sentence. */
export interface UnusableData {
  readonly problem: string;
}

/** Knows one format among files; null where there is nothing of it. */
export type Recogniser = (files: readonly DroppedFile[]) => Promise<RecognisedData | UnusableData | null>;
