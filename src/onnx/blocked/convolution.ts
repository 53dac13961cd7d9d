import { elementCount } from '../../core/tensor.ts';
import type { GraphBuilder, Step } from '../builder.ts';
import { type Dim, type GraphNode, int, ints, numberAttribute } from '../graph.ts';
import type { FilterWindow } from '../ops/filterGradient.ts';
import { nchwcDomain } from '../ops/nchwc.ts';
import { reach, type SlidingWindow, windowOf } from '../ops/slidingWindow.ts';
import type { FilterLayout } from './layout.ts';
import type { Lowering, Pending } from './lowering.ts';
import { writeConv } from './write.ts';

/** The layout that the filters [O, I, …] of a convolution need to work on blocked activations; undefined: it cannot. */
export function filterLayoutOf(dims: readonly Dim[], group: number, block: number): FilterLayout | undefined {
  const [outputs, inputs, ...kernel] = dims;
  if (kernel.length !== 2 || group !== 1 || Number(outputs) % block !== 0) return undefined;
  if (Number(inputs) % block === 0) return 'filters';
  return Number(inputs) < block ? 'fewFilters' : undefined;
}

export function lowerConv({ inputs, outputs, nodes }: Step, lowering: Lowering): boolean {
  const [x, w, bias = ''] = inputs as [string, string, string?];
  const layout = filterLayoutOf(lowering.dims(w), numberAttribute(nodes[0]!, 'group', 1), lowering.block);
  if (layout === undefined) return false;
  const { strides, dilations, pads } = windowOf(
    nodes[0]!,
    lowering.dims(x).slice(2),
    lowering.dims(w).slice(2).map(Number),
  );
  lowering.putPending(
    outputs[0]!,
    convolution(lowering.b, {
      x: lowering.in(x, layout === 'filters' ? 'blocked' : 'plain'),
      w: lowering.in(w, layout),
      bias: bias && lowering.in(bias, 'plain'),
      attributes: { strides: ints(strides), dilations: ints(dilations), pads: ints(pads) },
      block: lowering.block,
    }),
  );
  return true;
}

interface Convolution {
  readonly x: string;
  readonly w: string;
  readonly bias: string;
  readonly attributes: GraphNode['attributes'];
  readonly block: number;
}

function convolution(b: GraphBuilder, conv: Convolution): Pending {
  return {
    write: ({ sum, relu }) => writeConv(b, { ...conv, sum, relu }),
    // The filters' innermost axis is that of the outputs in either layout.
    scaled(scale, shift) {
      const { w, bias, block } = conv;
      const [outputs] = b.dims(w) as [number];
      const rows = b.node('Reshape', [w, b.int64([outputs / block, -1, block])]);
      const scaled = b.node('Mul', [rows, b.node('Reshape', [scale, b.int64([outputs / block, 1, block])])]);
      const moved = bias === '' ? shift : b.node('Add', [b.node('Mul', [bias, scale]), shift]);
      return convolution(b, { ...conv, w: b.node('Reshape', [scaled, b.int64(b.dims(w))]), bias: moved });
    },
    takesSum: true,
  };
}

/**
 * The gradient of the filters as a convolution itself: each channel of the input is an image whose channels are the examples,
 * over which the upstream gradient slides; strides become dilations and the other way round.
 */
export function lowerFilterGradient({ inputs, outputs, detail }: Step, lowering: Lowering): boolean {
  const { b, block } = lowering;
  const [x, dy] = inputs as [string, string];
  const { slide, dims, group } = detail as FilterWindow;
  const layout = filterLayoutOf(dims, group, block);
  const [examples, channels, ...sizes] = lowering.dims(x) as [number, number, number, number];
  if (layout === undefined || examples % block !== 0) return false;
  const [height, width] = lowering.dims(dy).slice(2) as [number, number];
  const [outs] = dims as [number];

  const image = paddedTo(
    b,
    examplesAsChannels(lowering, x),
    [channels, examples, ...sizes],
    slide,
    [height, width],
    block,
  );
  const apart = b.node('Reshape', [
    lowering.in(dy, 'blocked'),
    b.int64([examples / block, block, outs / block, height * width, block]),
  ]);
  const turned = b.node('Transpose', [apart], { perm: ints([2, 0, 3, 1, 4]) });
  const filters = b.node('Reshape', [turned, b.int64([outs, examples, height, width])]);
  const attributes = { strides: ints(slide.dilations), dilations: ints(slide.strides) };
  const found = writeConv(b, { x: image, w: filters, attributes });
  const cells = elementCount(slide.kernel);
  const [split, perm] =
    layout === 'filters'
      ? [
          [channels / block, block, outs / block, cells, block],
          [2, 0, 3, 1, 4],
        ]
      : [
          [channels, outs / block, cells, block],
          [1, 0, 2, 3],
        ];
  const ordered = b.node('Transpose', [b.node('Reshape', [found, b.int64(split)])], { perm: ints(perm) });
  lowering.put(outputs[0]!, layout, b.node('Reshape', [ordered, b.int64(dims)]));
  return true;
}

/** [N, C, H, W] as images [C, N, H, W] whose channels, the examples, are blocked. */
function examplesAsChannels(lowering: Lowering, x: string): string {
  const { b, block } = lowering;
  const [examples, channels, height, width] = lowering.dims(x) as [number, number, number, number];
  const rows = b.node('Reshape', [lowering.in(x, 'plain'), b.int64([1, examples, channels * height, width])]);
  const blocked = b.node('ReorderInput', [rows], {}, { domain: nchwcDomain });
  const apart = b.node('Reshape', [blocked, b.int64([examples / block, channels, height * width * block])]);
  const turned = b.node('Transpose', [apart], { perm: ints([1, 0, 2]) });
  return b.node('Reshape', [turned, b.int64([channels, examples, height, width])]);
}

/** A blocked image padded, or cut at its end, to what a kernel of the size of the upstream gradient slides over. */
function paddedTo(
  b: GraphBuilder,
  image: string,
  dims: readonly [number, number, number, number],
  slide: SlidingWindow,
  slid: readonly number[],
  block: number,
): string {
  const [channels, examples, height, width] = dims;
  const { strides, pads } = slide;
  const behind = [height, width].map((size, axis) => {
    const needed = (slid[axis]! - 1) * strides[axis]! + reach(slide, axis);
    return needed - size - pads[axis]!;
  });
  if ([...pads.slice(0, 2), ...behind].every((pad) => pad === 0)) return image;
  const apart = b.node('Reshape', [image, b.int64([(channels * examples) / block, height, width, block])]);
  const padded = b.node('Pad', [apart, b.int64([0, pads[0]!, pads[1]!, 0, 0, behind[0]!, behind[1]!, 0])]);
  const sizes = [height + pads[0]! + behind[0]!, width + pads[1]! + behind[1]!];
  return b.node('Reshape', [padded, b.int64([channels, examples, ...sizes])]);
}

/** One of the interleaved parts of an input along an axis: which cells of the kernel reach it, and how they slide. */
interface Phase {
  /** The first cell, and how many there are, `stride` apart. */
  readonly from: number;
  readonly cells: number;
  readonly pads: readonly [number, number];
}

/**
 * The gradient of a convolution's input: the upstream gradient convolved with the flipped filters, by one convolution for each
 * phase of the stride, whose results interleave.
 */
export function lowerConvTranspose({ inputs, outputs, nodes }: Step, lowering: Lowering): boolean {
  const { b, block } = lowering;
  const [dy, w, bias] = inputs as [string, string, string?];
  const filters = lowering.dims(w) as number[];
  const node = nodes[0]!;
  if (bias || filterLayoutOf(filters, numberAttribute(node, 'group', 1), block) !== 'filters') return false;
  const { strides, dilations, pads } = windowOf(node, lowering.dims(dy).slice(2), filters.slice(2));
  const [examples, channels, ...sizes] = lowering.dims(outputs[0]!) as [number, number, number, number];
  // The parts of a stride interleave by sizes that have to be known.
  if (typeof examples !== 'number' && strides.some((stride) => stride > 1)) return false;
  const slid = lowering.dims(dy).slice(2) as number[];
  if (dilations.some((dilation) => dilation !== 1) || sizes.some((size, axis) => size % strides[axis]! !== 0))
    return false;
  const phases = sizes.map((size, axis) =>
    phasesOf({ size, slid: slid[axis]!, kernel: filters[2 + axis]!, stride: strides[axis]!, pad: pads[axis]! }),
  );
  if (phases.flat().some(({ cells, pads }) => cells > 0 && pads.some((pad) => pad < 0))) return false;

  const upstream = lowering.in(dy, 'blocked');
  const wide = lowering.in(w, 'filters');
  const part = (row: Phase, column: Phase) => {
    const out = [examples, channels, sizes[0]! / strides[0]!, sizes[1]! / strides[1]!];
    if (row.cells === 0 || column.cells === 0) return b.node('Expand', [b.scalar(0), b.int64(out)]);
    const attributes = { pads: ints([row.pads[0], column.pads[0], row.pads[1], column.pads[1]]) };
    return writeConv(b, { x: upstream, w: flipped(b, wide, [row, column], strides, block), attributes });
  };
  const parts = phases[0]!.map((row) => phases[1]!.map((column) => part(row, column)));
  lowering.put(outputs[0]!, 'blocked', interleaved(b, parts, block));
  return true;
}

/** Input cell y gets W[k] dy[q] where y + pad = q stride + k: for one phase of y, every stride-th k from `from`. */
function phasesOf(axis: { size: number; slid: number; kernel: number; stride: number; pad: number }): readonly Phase[] {
  const { size, slid, kernel, stride, pad } = axis;
  return Array.from({ length: stride }, (_, first) => {
    const from = (first + pad) % stride;
    const start = (first + pad - from) / stride;
    const cells = Math.max(0, Math.ceil((kernel - from) / stride));
    const before = cells - 1 - start;
    return { from, cells, pads: [before, size / stride + cells - 1 - slid - before] };
  });
}

/** The filters of a phase turned round: inputs and outputs change places, cells run backwards. */
function flipped(
  b: GraphBuilder,
  w: string,
  phases: readonly [Phase, Phase],
  strides: readonly number[],
  block: number,
): string {
  const [outs, ins, ...kernel] = b.dims(w) as [number, number, number, number];
  const cells = phases.map((phase) => phase.cells);
  const apart = b.node('Reshape', [w, b.int64([outs / block, ins / block, ...kernel, block * block])]);
  const starts = phases.map(({ from, cells }, axis) => from + strides[axis]! * (cells - 1));
  // Before the first cell, counted from behind.
  const ends = phases.map(({ from }, axis) => (from === 0 ? -kernel[axis]! - 1 : from - 1));
  const steps = strides.map((stride) => -stride);
  const turned = kernel.every((size) => size === 1)
    ? apart
    : b.node('Slice', [apart, b.int64(starts), b.int64(ends), b.int64([2, 3]), b.int64(steps)]);
  // Each tile of a block of inputs by one of outputs is turned over by the operator that is made for that: far faster than
  // Transpose, which is left with whole tiles to move.
  const count = cells[0]! * cells[1]!;
  const tiles = b.node('Reshape', [turned, b.int64([(outs * ins * count) / (block * block), block, 1, block])]);
  const over = b.node('ReorderOutput', [tiles], { channels: int(block) }, { domain: nchwcDomain });
  const split = b.node('Reshape', [over, b.int64([outs / block, ins / block, count * block * block])]);
  const swapped = b.node('Transpose', [split], { perm: ints([1, 0, 2]) });
  return b.node('Reshape', [swapped, b.int64([ins, outs, ...cells])]);
}

/** Blocked parts [N, C, H, W], by row and column phase, as one value of all their cells in turn. */
export function interleaved(b: GraphBuilder, parts: readonly (readonly string[])[], block: number): string {
  const [rows, columns] = [parts.length, parts[0]!.length];
  if (rows === 1 && columns === 1) return parts[0]![0]!;
  const [examples, channels, height, width] = b.dims(parts[0]![0]!) as [number, number, number, number];
  const lines = (examples * channels * height) / block;
  const joined = parts.map((row) => {
    const apart = row.map((part) => b.node('Reshape', [part, b.int64([lines, width, 1, block])]));
    const line = apart.length === 1 ? apart[0]! : b.node('Concat', apart, { axis: int(2) });
    return b.node('Reshape', [line, b.int64([lines, 1, width * columns * block])]);
  });
  const whole = joined.length === 1 ? joined[0]! : b.node('Concat', joined, { axis: int(1) });
  return b.node('Reshape', [whole, b.int64([examples, channels, height * rows, width * columns])]);
}
