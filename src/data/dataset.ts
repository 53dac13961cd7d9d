import type { Batch, InputSpec } from '../core/batch.ts';
import type { Preprocessing } from '../core/preprocessing.ts';

export type { Batch, InputSpec };

/** An image as a file holds it. */
export interface EncodedImage {
  readonly bytes: Uint8Array;
  /** Its media type, such as `image/jpeg`. */
  readonly type: string;
}

/** Labelled examples with global ids 0 … length-1. Stored numbers stay as they are; `preprocessing` tells the rest. */
export interface Dataset {
  /** As the user named it, for instance `idx:data/mnist-sample`. */
  readonly name: string;
  readonly length: number;
  readonly classes: number;
  readonly inputs: readonly InputSpec[];
  readonly preprocessing: Preprocessing;
  /** Labels as trained on, by id. */
  readonly labels: Int32Array;
  /** The right labels, where they are known and `labels` may be wrong. */
  readonly trueLabels?: Int32Array;
  /** SHA-256 (hex) of the stored examples in id order, without labels. */
  readonly contentHash: string;
  /** The contentHash that the first `length` examples alone would have: by it the beginning of data that grew is known again. */
  hashOfFirst(length: number): Promise<string>;
  /** What made numbers of stored bytes, with its version, where another might give others; part of the fingerprint. */
  readonly decoder?: string;
  /** An example as people read it, where the data are text. */
  readonly textOf?: (id: number) => string;
  /** An example as it is stored, where the data are encoded images. */
  readonly imageOf?: (id: number) => Promise<EncodedImage>;
  /** What the classes are called, where that is known. */
  readonly classNames?: readonly string[];
  /** The examples `ids`, freshly allocated so that the batch may be transferred to a thread. */
  gather(ids: ArrayLike<number>): Promise<Batch>;
}
