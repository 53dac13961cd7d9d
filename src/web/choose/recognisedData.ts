import type { NamedFile } from '../protocol.ts';
import type { ColumnsQuestion } from './columns.ts';
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
  /** What the jobs read there. */
  readonly files: readonly NamedFile[];
  readonly takes: readonly FormatOption[];
  /** Asked before the data can be used; null where nothing is. */
  readonly question: ColumnsQuestion | null;
}

/** Why files that look like data of a format cannot be used, a sentence. */
export interface UnusableData {
  readonly problem: string;
}

/** Knows one format among files; null where there is nothing of it. */
export type Recogniser = (files: readonly DroppedFile[]) => Promise<RecognisedData | UnusableData | null>;
