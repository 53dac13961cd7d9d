import { elementCount } from '../../core/tensor.ts';
import type { TfModule, TfTensor } from './execution.ts';

/**
 * The rows of `x` at whole numbers `indices`, a list. The gradient scatters into place and sums what was picked twice: the
 * one that TensorFlow.js has for its gather is missing or slow on some backends.
 */
export function gatherRows(tf: TfModule, x: TfTensor, indices: TfTensor): TfTensor {
  return tf.customGrad((...given) => {
    const [data, save] = given as unknown as [TfTensor, (tensors: TfTensor[]) => void];
    const { shape } = data;
    save([indices]);
    return {
      value: tf.gather(data, indices as never),
      gradFunc: (dy: TfTensor, saved: TfTensor[]) =>
        tf.scatterND(tf.reshape(tf.cast(saved[0]!, 'int32'), [-1, 1]) as never, dy, shape as [number]),
    };
  })(x);
}

/** What lies along `axis` at whole numbers `indices`, a list. */
export function gatherAlong(tf: TfModule, x: TfTensor, indices: TfTensor, axis: number): TfTensor {
  if (axis === 0) return gatherRows(tf, x, indices);
  const axes = x.shape.map((_, i) => i);
  const front = [axis, ...axes.filter((i) => i !== axis)];
  const back = axes.map((i) => front.indexOf(i));
  return tf.transpose(gatherRows(tf, tf.transpose(x, front), indices), back);
}

/** Negative whole numbers count from the end. */
export function fromFront(tf: TfModule, indices: TfTensor, size: number): TfTensor {
  const zero = tf.scalar(0, 'int32');
  return tf.where(tf.less(indices, zero), tf.add(indices, tf.scalar(size, 'int32')), indices);
}

/**
 * Where the elements that `indices` name along `axis` of a tensor of this shape lie in memory, as a list (ONNX
 * GatherElements and ScatterElements).
 */
export function flatPositions(tf: TfModule, shape: readonly number[], indices: TfTensor, axis: number): TfTensor {
  const strides = shape.map((_, i) => elementCount(shape.slice(i + 1)));
  const along = tf.mul(fromFront(tf, indices, shape[axis]!), tf.scalar(strides[axis]!, 'int32'));
  const total = shape.reduce<TfTensor>((sum, _, i) => {
    if (i === axis) return sum;
    const count = indices.shape[i]!;
    const own = Int32Array.from({ length: count }, (_, position) => position * strides[i]!);
    const sizes = shape.map((_, j) => (j === i ? count : 1));
    return tf.add(sum, tf.tensor(own, sizes, 'int32'));
  }, along);
  return tf.reshape(total, [-1]);
}
