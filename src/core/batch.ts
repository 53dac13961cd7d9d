import type { Dtype, Tensor } from './tensor.ts';

/** Shape and stored type of one model input, without the batch axis. */
export interface InputSpec {
  readonly dtype: Dtype;
  readonly dims: readonly number[];
}

/** Some examples of a data set, in the order asked for. */
export interface Batch {
  /** One tensor per model input, the batch on axis 0. */
  readonly inputs: readonly Tensor[];
  /** The labels as trained on, one per example. */
  readonly labels: Int32Array;
}
