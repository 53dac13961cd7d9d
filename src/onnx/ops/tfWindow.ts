import { elementCount } from '../../core/tensor.ts';
import type { ExecuteContext, TfModule, TfTensor } from './execution.ts';
import { notInTf } from './execution.ts';
import { reach, slidSizes, windowOf } from './slidingWindow.ts';

/** Windows over one or two spatial axes; TensorFlow.js has operators for two, so that one is widened to two. */
export interface FlatWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** What stands around the input where windows are cut from it: by ceil_mode more than is asked for. */
  readonly pads: readonly [readonly [number, number], readonly [number, number]];
  /** The padding that the node asks for. */
  readonly given: readonly [readonly [number, number], readonly [number, number]];
}

/** Reads the window of a node over `sizes`. Throws a data error for more than two spatial axes. */
export function flatWindow({ node }: ExecuteContext, sizes: readonly number[], kernel?: readonly number[]): FlatWindow {
  if (sizes.length > 2) throw notInTf(node, `a window over ${sizes.length} axes`);
  const slide = windowOf(node, sizes, kernel);
  const slid = slidSizes(node, sizes, slide);
  const given = sizes.map((_, axis): readonly [number, number] => [
    slide.pads[axis]!,
    slide.pads[axis + sizes.length]!,
  ]);
  const pads = sizes.map((size, axis): readonly [number, number] => {
    const [before, after] = given[axis]!;
    const covered = (slid[axis]! - 1) * slide.strides[axis]! + reach(slide, axis);
    return [before, Math.max(after, covered - size - before)];
  });
  const none: readonly [number, number] = [0, 0];
  return {
    kernel: inTwo(slide.kernel, 1),
    strides: inTwo(slide.strides, 1),
    dilations: inTwo(slide.dilations, 1),
    pads: inTwo(pads, none),
    given: inTwo(given, none),
  };
}

/** What is said of one or two spatial axes, for two. */
export function inTwo<T>(values: readonly T[], fill: T): readonly [T, T] {
  return values.length === 1 ? [fill, values[0]!] : [values[0]!, values[1]!];
}

/** `compute` on a tensor with channels last and two spatial axes, whose one or two are widened for that time. */
export function onImages(tf: TfModule, x: TfTensor, compute: (image: TfTensor) => TfTensor): TfTensor {
  if (x.rank !== 3) return compute(x);
  const [batch, width, channels] = x.shape as [number, number, number];
  const y = compute(tf.reshape(x, [batch, 1, width, channels]));
  return tf.reshape(y, [batch, y.shape[2]!, y.shape[3]!]);
}

/** `image` [N, H, W, C] with `pads` around it, filled with `fill`. */
export function paddedImage(tf: TfModule, image: TfTensor, pads: FlatWindow['pads'], fill: number): TfTensor {
  if (pads.flat().every((size) => size === 0)) return image;
  return tf.pad(image, [[0, 0], [...pads[0]], [...pads[1]], [0, 0]], fill);
}

/**
 * A filter, whose first two axes are spatial, with zeros between its cells: TensorFlow.js has no gradient for a dilated
 * convolution.
 */
export function dilated(tf: TfModule, filter: TfTensor, dilations: readonly [number, number]): TfTensor {
  return dilations.reduce((spread, dilation, axis) => spreadAlong(tf, spread, dilation, axis), filter);
}

/** `x` with its entries along an axis `step` apart and zeros in between. */
export function spreadAlong(tf: TfModule, x: TfTensor, step: number, axis: number): TfTensor {
  if (step === 1) return x;
  const { shape } = x;
  const size = shape[axis]!;
  const [outer, inner] = [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis + 1))];
  const apart = tf.pad(tf.reshape(x, [outer, size, 1, inner]), [
    [0, 0],
    [0, 0],
    [0, step - 1],
    [0, 0],
  ]);
  const reach = step * (size - 1) + 1;
  const kept = tf.slice(tf.reshape(apart, [outer, size * step, inner]), [0, 0, 0], [outer, reach, inner]);
  return tf.reshape(kept, [...shape.slice(0, axis), reach, ...shape.slice(axis + 1)]);
}

/** The kernel of Conv and ConvTranspose, [M, C, …] as [kH, kW, C, M], dilated. */
export function imageFilter(tf: TfModule, w: TfTensor, dilations: readonly [number, number]): TfTensor {
  const [outputs, inputs, ...kernel] = w.shape as [number, number, ...number[]];
  const wide = tf.reshape(w, [outputs, inputs, ...inTwo(kernel, 1)]);
  return dilated(tf, tf.transpose(wide, [2, 3, 1, 0]), dilations);
}
