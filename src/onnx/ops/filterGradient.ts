import type { GraphBuilder } from '../builder.ts';
import { reshaped, summed } from '../gradients.ts';
import { int, ints } from '../graph.ts';
import type { SlidingWindow } from './slidingWindow.ts';

/** How the filters of a convolution slide. */
export interface FilterWindow {
  readonly slide: SlidingWindow;
  /** The shape of the filters, [M, C / group, …]. */
  readonly dims: readonly number[];
  readonly group: number;
}

/**
 * The gradient of a convolution's filters, from its input `x` [N, C, …] and the gradient `dy` of its output [N, M, …].
 *
 * In ONNX's own operators: the patches under the kernel as rows, then one product with the upstream gradient for each group. Channels lie last while
 * patches are cut: then every cut is a copy of whole runs.
 */
export function filterGradient(builder: GraphBuilder, filter: FilterWindow, x: string, dy: string): string {
  const group = { kind: 'ConvFilterGradient', inputs: [x, dy], detail: filter };
  return builder.group(group, () => [writeFilterGradient(builder, filter, x, dy)])[0];
}

function writeFilterGradient(builder: GraphBuilder, filter: FilterWindow, x: string, dy: string): string {
  const { dims, group, slide } = filter;
  const [outputs, perGroup, ...kernel] = dims as [number, number, ...number[]];
  const cuts = cutPatches(builder, slide, x, builder.dims(dy).slice(2));
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
function cutPatches(
  builder: GraphBuilder,
  slide: SlidingWindow,
  x: string,
  slid: readonly number[],
): readonly string[] {
  const { pads, strides, dilations } = slide;
  const rank = slid.length;
  const last = channelsLast(builder, x);
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
