import { elementCount, float32 } from '../../core/tensor.ts';
import { reshaped } from '../gradients.ts';
import { numberAttribute } from '../graph.ts';
import { channelsLast, notInTf, type TfTensor } from './execution.ts';
import { type Op, required } from './op.ts';
import { type SlidingWindow, slidSizes, undoingAttributes, windowOf } from './slidingWindow.ts';
import { type FlatWindow, flatWindow, onImages, paddedImage } from './tfWindow.ts';

export const averagePool: Op = {
  name: 'AveragePool',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const sizes = dims.slice(2);
    return [{ dtype, dims: [dims[0]!, dims[1]!, ...slidSizes(context.node, sizes, windowOf(context.node, sizes))] }];
  },
  // Each output cell hands an equal share to every input cell it averaged: a transposed convolution with a kernel of ones.
  gradient({ node, builder: b, upstream: [dy] }) {
    const [batch, channels, ...sizes] = b.dims(node.inputs[0]!) as [number, number, ...number[]];
    const slide = windowOf(node, sizes);
    const slid = slidSizes(node, sizes, slide);
    const countsPadding = numberAttribute(node, 'count_include_pad', 0) === 1;
    const shares = averagedCells(slide, sizes, slid, countsPadding).map((cells) => 1 / cells);
    const ones = b.constant(float32(new Float32Array(elementCount(slide.kernel)).fill(1), [1, 1, ...slide.kernel]));
    const shared = b.node('Mul', [dy!, b.constant(float32(shares, slid))]);
    // Channels join the batch, so that one filter serves all.
    const single = reshaped(b, shared, [batch * channels, 1, ...slid]);
    const spread = b.node('ConvTranspose', [single, ones], undoingAttributes(slide, sizes, slid));
    return [reshaped(b, spread, [batch, channels, ...sizes])];
  },
  execute: (context) => {
    const { tf, node, input } = context;
    const x = input(0).channelsLast();
    const slide = flatWindow(context, x.shape.slice(1, -1));
    if (slide.dilations.some((dilation) => dilation > 1)) throw notInTf(node, 'dilation');
    const averaged = (image: TfTensor) =>
      tf.avgPool(image as never, [...slide.kernel], [...slide.strides], 'valid') as TfTensor;
    const counts = numberAttribute(node, 'count_include_pad', 0) === 1;
    const pooled = onImages(tf, x, (image) => {
      const means = averaged(paddedImage(tf, image, slide.pads, 0));
      const counted = countedCells(slide, image.shape.slice(1, 3), counts);
      // Where a window holds cells that do not count, the mean is over the share of those that do.
      return counted === null ? means : tf.div(means, averaged(tf.tensor(counted.data, counted.dims)));
    });
    return [channelsLast(tf, pooled)];
  },
};

/** How many cells each window averages: those on the input, and on the padding where that counts. */
function averagedCells(
  { kernel, strides, dilations, pads }: SlidingWindow,
  sizes: readonly number[],
  slid: readonly number[],
  countsPadding: boolean,
): readonly number[] {
  const perAxis = slid.map((positions, axis) => {
    const before = countsPadding ? pads[axis]! : 0;
    const after = countsPadding ? pads[axis + slid.length]! : 0;
    return Array.from({ length: positions }, (_, position) => {
      const start = position * strides[axis]! - pads[axis]!;
      const cells = Array.from({ length: kernel[axis]! }, (_, cell) => start + cell * dilations[axis]!);
      return cells.filter((cell) => cell >= -before && cell < sizes[axis]! + after).length;
    });
  });
  return perAxis.reduce((counts, along) => counts.flatMap((count) => along.map((cells) => count * cells)), [1]);
}

/** 1 for each cell of a padded image that counts, 0 for padding that does not; null where all of them count. */
function countedCells({ pads, given }: FlatWindow, sizes: readonly number[], countsPadding: boolean) {
  const counts = pads.map((_, axis) => (countsPadding ? given[axis]! : [0, 0]));
  if (pads.every((pad, axis) => pad.every((size, side) => size <= counts[axis]![side]!))) return null;
  const lengths = pads.map(([before, after], axis) => sizes[axis]! + before + after);
  const isCounted = (position: number, axis: number) =>
    position >= pads[axis]![0] - counts[axis]![0]! && position < pads[axis]![0] + sizes[axis]! + counts[axis]![1]!;
  const columns = lengths[1]!;
  const data = Float32Array.from({ length: lengths[0]! * columns }, (_, i) =>
    Number(isCounted(Math.floor(i / columns), 0) && isCounted(i % columns, 1)),
  );
  return { dims: [1, ...lengths, 1], data };
}
