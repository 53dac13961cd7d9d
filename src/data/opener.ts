import type { Dataset } from './dataset.ts';

/** Which of the files of a data set are meant. */
export type DataPart = 'train' | 'test';

/** What a reader may be told besides where the data are. */
export interface OpenOptions {
  /** How many classes there are, so that the labels are checked; default: the greatest label found + 1, at least 2. */
  readonly classes?: number;
  /** The names of the classes, where the labels of the training data are names: those of test data are to be among them. */
  readonly classNames?: readonly string[];
  /** Text: file of the vocabulary, vocab.txt or tokenizer.json; default: the vocab.txt beside the data. */
  readonly vocab?: string | null;
  /** Text: ids of an example, default 64. */
  readonly tokens?: number | null;
  /** Encoded images: the width and height that they are brought to; null leaves them, and all are to have one size. */
  readonly imageSize?: number | null;
  /** A file longer than this many bytes is read from the disk as it is needed, default 256 MiB. */
  readonly inMemory?: number;
}

/** The reader of one format: opens the data at `path`. */
export type Opener = (path: string, part: DataPart, options?: OpenOptions) => Promise<Dataset>;
