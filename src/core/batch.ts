import { allocate, bytesPerElement, type Dtype, elementCount, type Tensor } from './tensor.ts';

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

/** Bytes that one example takes as stored. */
export function bytesPerExample(inputs: readonly InputSpec[]): number {
  return inputs.reduce((sum, { dtype, dims }) => sum + bytesPerElement(dtype) * elementCount(dims), 0);
}

/** The examples `from` up to `to` of a batch, as views of its memory. */
export function sliceBatch({ inputs, labels }: Batch, from: number, to: number): Batch {
  return {
    inputs: inputs.map(({ dtype, dims: [, ...rest], data }) => {
      const size = elementCount(rest);
      const end = Math.min(to, labels.length);
      return { dtype, dims: [end - from, ...rest], data: data.subarray(from * size, end * size) };
    }),
    labels: labels.subarray(from, to),
  };
}

/** The examples at `positions` of a batch, in that order, of their lists of tokens the first `length` only. */
export function shortened({ inputs, labels }: Batch, positions: readonly number[], length: number): Batch {
  return {
    inputs: inputs.map(({ dtype, dims: [, size], data }) => {
      const dims = [positions.length, length];
      const cut = allocate(dtype, dims);
      positions.forEach((from, i) => {
        // One of the kinds of arrays, and both of the same.
        cut.set(data.subarray(from * size!, from * size! + length) as never, i * length);
      });
      return { dtype, dims, data: cut };
    }),
    labels: Int32Array.from(positions, (position) => labels[position]!),
  };
}

/**
 * The batch with copies of its first example behind it up to `count` examples; a batch of as many is returned as it is. Copies
 * leave the range of its numbers as it was, which dynamic quantisation goes by.
 */
export function filledBatch(batch: Batch, count: number): Batch {
  const { length } = batch.labels;
  if (length === 0 || length >= count) return batch;
  const inputs = batch.inputs.map(({ dtype, dims: [, ...rest], data }) => {
    const dims = [count, ...rest];
    const filled = allocate(dtype, dims);
    const size = elementCount(rest);
    // One of the kinds of arrays, and both of the same.
    filled.set(data as never);
    for (let i = length; i < count; i++) filled.set(data.subarray(0, size) as never, i * size);
    return { dtype, dims, data: filled };
  });
  const labels = new Int32Array(count).fill(batch.labels[0]!);
  labels.set(batch.labels);
  return { inputs, labels };
}
