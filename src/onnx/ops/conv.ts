import { dataError } from '../../core/errors.ts';
import type { GraphBuilder } from '../builder.ts';
import { reshaped, summed } from '../gradients.ts';
import { describeNode, int, ints, numberAttribute } from '../graph.ts';
import { type GradientContext, type Op, required } from './op.ts';
import { type SlidingWindow, slidSizes, undoingAttributes, windowOf } from './slidingWindow.ts';

/** Convolution with stride, padding, dilation and groups (ONNX Conv): X [N, C, …], W [M, C / group, …], B [M]. */
export const conv: Op = {
  name: 'Conv',
  infer(context) {
    const { node } = context;
    const x = required(context, 0);
    const w = required(context, 1);
    const group = numberAttribute(node, 'group', 1);
    if (typeof x.dims[1] === 'number' && x.dims[1] !== Number(w.dims[1]) * group)
      throw dataError(`${describeNode(node)} takes ${Number(w.dims[1]) * group} channels, found ${x.dims[1]}`);
    const sizes = x.dims.slice(2);
    const slide = windowOf(node, sizes, w.dims.slice(2).map(Number));
    return [{ dtype: x.dtype, dims: [x.dims[0]!, w.dims[0]!, ...slidSizes(node, sizes, slide)] }];
  },
  gradient(context) {
    const { node, builder, upstream, wanted } = context;
    const [dy] = upstream as [string];
    const axes = builder.dims(dy).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    return [
      wanted(0) ? inputGradient(context, dy) : undefined,
      wanted(1) ? filterGradient(context, dy) : undefined,
      node.inputs[2] && wanted(2) ? summed(builder, dy, axes, false) : undefined,
    ];
  },
};

function windowAt({ node, builder }: GradientContext): SlidingWindow {
  const [x, w] = node.inputs as [string, string];
  return windowOf(node, builder.dims(x).slice(2), builder.dims(w).slice(2));
}

/** ConvTranspose undoes the sliding. */
function inputGradient(context: GradientContext, dy: string): string {
  const { node, builder } = context;
  const [x, w] = node.inputs as [string, string];
  const sizes = builder.dims(x).slice(2);
  const slid = builder.dims(dy).slice(2);
  return builder.node('ConvTranspose', [dy, w], {
    ...undoingAttributes(windowAt(context), sizes, slid),
    group: int(numberAttribute(node, 'group', 1)),
  });
}

/**
 * The patches under the kernel as rows, then one product with the upstream gradient for each group. Channels lie last while
 * patches are cut: then every cut is a copy of whole runs.
 */
function filterGradient(context: GradientContext, dy: string): string {
  const { node, builder } = context;
  const w = node.inputs[1]!;
  const [outputs, perGroup, ...kernel] = builder.dims(w) as [number, number, ...number[]];
  const group = numberAttribute(node, 'group', 1);
  const cuts = cutPatches(context);
  const rows = channelsLast(builder, dy);
  if (perGroup === 1 && outputs === group) return depthwiseGradient(builder, cuts, rows, [outputs, 1, ...kernel]);

  const ofGroup = (value: string, size: number, index: number) =>
    group === 1 ? value : slice(builder, value, -1, index * size, (index + 1) * size);
  const gradients = Array.from({ length: group }, (_, index) => {
    const patches = builder.node(
      'Concat',
      cuts.map((cut) => ofGroup(cut, perGroup, index)),
      { axis: int(-1) },
    );
    const left = reshaped(builder, ofGroup(rows, outputs / group, index), [-1, outputs / group]);
    const right = builder.node('Reshape', [patches, builder.int64([-1, perGroup * cuts.length])]);
    return builder.node('Gemm', [left, right], { transA: int(1) });
  });
  const whole = gradients.length === 1 ? gradients[0]! : builder.node('Concat', gradients, { axis: int(0) });
  // [M, cells of the kernel, C / group] to [M, C / group, …].
  const apart = builder.node('Reshape', [whole, builder.int64([outputs, cuts.length, perGroup])]);
  const turned = builder.node('Transpose', [apart], { perm: ints([0, 2, 1]) });
  return reshaped(builder, turned, [outputs, perGroup, ...kernel]);
}

/** Each channel meets its own filter alone: a product and a sum for each cell of the kernel. */
function depthwiseGradient(b: GraphBuilder, cuts: readonly string[], rows: string, dims: readonly number[]): string {
  const channels = dims[0]!;
  const axes = b
    .dims(rows)
    .map((_, axis) => axis)
    .slice(0, -1);
  const sums = cuts.map((cut) => reshaped(b, summed(b, b.node('Mul', [cut, rows]), axes, false), [channels, 1]));
  return reshaped(b, b.node('Concat', sums, { axis: int(1) }), dims);
}

/** For each cell of the kernel the part of the padded input that it meets, [N, …slid sizes, C]. */
function cutPatches(context: GradientContext): readonly string[] {
  const { node, builder, upstream } = context;
  const slide = windowAt(context);
  const { pads, strides, dilations } = slide;
  const slid = builder.dims(upstream[0]!).slice(2);
  const rank = slid.length;
  const last = channelsLast(builder, node.inputs[0]!);
  const before = [0, ...pads.slice(0, rank), 0];
  const after = [0, ...pads.slice(rank), 0];
  const padded = pads.some((pad) => pad > 0) ? builder.node('Pad', [last, builder.int64([...before, ...after])]) : last;
  return cellsOf(slide.kernel).map((cell) => {
    const starts = cell.map((position, axis) => position * dilations[axis]!);
    const ends = starts.map((start, axis) => start + strides[axis]! * (slid[axis]! - 1) + 1);
    const axes = cell.map((_, axis) => axis + 1);
    const inputs = [starts, ends, axes, strides].map((values) => builder.int64(values));
    return builder.node('Slice', [padded, ...inputs]);
  });
}

/** All positions in a kernel, row by row. */
function cellsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (cells, size) => cells.flatMap((cell) => Array.from({ length: size }, (_, position) => [...cell, position])),
    [[]],
  );
}

function channelsLast(builder: GraphBuilder, value: string): string {
  const spatial = builder.dims(value).slice(2);
  return builder.node('Transpose', [value], { perm: ints([0, ...spatial.map((_, axis) => axis + 2), 1]) });
}

function slice(b: GraphBuilder, value: string, axis: number, from: number, to: number): string {
  return b.node('Slice', [value, b.int64([from]), b.int64([to]), b.int64([axis])]);
}
