import { elementCount } from '../../core/tensor.ts';
import type { Step } from '../builder.ts';
import { nchwcDomain } from '../ops/nchwc.ts';
import type { SlidingWindow } from '../ops/slidingWindow.ts';
import { interleaved } from './convolution.ts';
import type { Lowering } from './lowering.ts';
import { canBeBlocked } from './normalisation.ts';
import { writeChannelMeans } from './write.ts';

export function lowerMaxPool({ inputs, outputs, nodes }: Step, lowering: Lowering): boolean {
  const [x] = inputs as [string];
  if (outputs.length > 1 || !lowering.layouts(x).includes('blocked')) return false;
  const { op, attributes } = nodes[0]!;
  const pooled = lowering.b.node(op, [lowering.in(x, 'blocked')], attributes, { domain: nchwcDomain });
  lowering.put(outputs[0]!, 'blocked', pooled);
  return true;
}

export function lowerGlobalAveragePool({ inputs, outputs }: Step, lowering: Lowering): boolean {
  const [x] = inputs as [string];
  if (!lowering.layouts(x).includes('blocked')) return false;
  const pooled = lowering.b.node('GlobalAveragePool', [lowering.in(x, 'blocked')], {}, { domain: nchwcDomain });
  // Maps of one cell lie in either layout alike.
  lowering.put(outputs[0]!, 'blocked', pooled);
  lowering.put(outputs[0]!, 'plain', pooled);
  return true;
}

/** [N, C, 1, 1] spread over the cells of each map, which is the gradient of global average pooling. */
export function lowerExpand({ inputs, outputs }: Step, lowering: Lowering): boolean {
  const { b, block } = lowering;
  const [from, to] = [lowering.dims(inputs[0]!), lowering.dims(outputs[0]!)];
  const isPerMap = from.length === 4 && from[0] === to[0] && from[1] === to[1] && from[2] === 1 && from[3] === 1;
  if (!canBeBlocked(lowering, outputs[0]!) || !isPerMap) return false;
  const [examples, channels, height, width] = to as [number, number, number, number];
  const lines = (examples * channels) / block;
  const apart = b.node('Reshape', [lowering.in(inputs[0]!, 'plain'), b.int64([lines, 1, block])]);
  const wide = b.node('Expand', [apart, b.int64([lines, height * width, block])]);
  lowering.put(outputs[0]!, 'blocked', b.node('Reshape', [wide, b.int64([examples, channels, height, width])]));
  return true;
}

/** The sum of each channel over examples and cells, which is the gradient of a convolution's bias. */
export function lowerReduceSum({ inputs, outputs }: Step, lowering: Lowering): boolean {
  const { b } = lowering;
  const [x, axes = ''] = inputs as [string, string?];
  const [given, kept] = [lowering.dims(x), lowering.dims(outputs[0]!).length];
  const isPerChannel = given.length === 4 && kept === 1 && lowering.known(axes)?.join() === '0,2,3';
  if (!isPerChannel || typeof given[0] !== 'number' || !lowering.layouts(x).includes('blocked')) return false;
  const [examples, , ...sizes] = lowering.dims(x) as number[];
  const cells = b.scalar(examples! * elementCount(sizes));
  lowering.put(outputs[0]!, 'plain', b.node('Mul', [writeChannelMeans(b, lowering.in(x, 'blocked')), cells]));
  return true;
}

/** The gradient of a max pool whose windows do not overlap: the first of the greatest cells of each window gets it. */
export function lowerMaxPoolGradient({ inputs, outputs, detail }: Step, lowering: Lowering): boolean {
  const { b, block } = lowering;
  const [x, y, dy] = inputs as [string, string, string];
  const { kernel, strides, dilations, pads } = detail as SlidingWindow;
  const isApart = kernel.length === 2 && kernel.every((size, axis) => size === strides[axis] && dilations[axis] === 1);
  if (!isApart || pads.some((pad) => pad > 0) || !canBeBlocked(lowering, x)) return false;
  const [examples, channels, ...sizes] = lowering.dims(x) as [number, number, number, number];
  const slid = lowering.dims(y).slice(2) as [number, number];
  // By ceil_mode the last window may reach over the end.
  if (slid.some((count, axis) => count * kernel[axis]! > sizes[axis]!)) return false;
  const lines = (examples * channels) / block;
  const cellsOf = (value: string, height: number, width: number) =>
    b.node('Reshape', [lowering.in(value, 'blocked'), b.int64([lines, height, width, block])]);
  const from = cellsOf(x, sizes[0]!, sizes[1]!);
  const greatest = cellsOf(y, ...slid);
  const upstream = cellsOf(dy, ...slid);
  let free: string | undefined;
  const part = (row: number, column: number) => {
    const ends = [row + (slid[0] - 1) * kernel[0]! + 1, column + (slid[1] - 1) * kernel[1]! + 1];
    const cut = [[row, column], ends, [1, 2], [...kernel]].map((values) => b.int64(values));
    const equal = b.node('Equal', [b.node('Slice', [from, ...cut]), greatest]);
    const wins = free === undefined ? equal : b.node('And', [equal, free]);
    const others = b.node('Not', [equal]);
    free = free === undefined ? others : b.node('And', [free, others]);
    const won = b.node('Where', [wins, upstream, b.scalar(0)]);
    return b.node('Reshape', [won, b.int64([examples, channels, ...slid])]);
  };
  const parts = Array.from({ length: kernel[0]! }, (_, row) =>
    Array.from({ length: kernel[1]! }, (_, column) => part(row, column)),
  );
  lowering.put(outputs[0]!, 'blocked', grownTo(lowering, interleaved(b, parts, block), sizes));
  return true;
}

/** Zeros for the rows and columns that no window covers. */
function grownTo({ b, block }: Lowering, value: string, sizes: readonly number[]): string {
  const [examples, channels, height, width] = b.dims(value) as [number, number, number, number];
  const missing = [sizes[0]! - height, sizes[1]! - width];
  if (missing.every((count) => count === 0)) return value;
  const apart = b.node('Reshape', [value, b.int64([(examples * channels) / block, height, width, block])]);
  const grown = b.node('Pad', [apart, b.int64([0, 0, 0, 0, 0, ...missing, 0])]);
  return b.node('Reshape', [grown, b.int64([examples, channels, ...sizes])]);
}
