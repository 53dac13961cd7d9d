import { float32 } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import { summed } from '../gradients.ts';
import { type Attributes, int, ints, string } from '../graph.ts';
import { nchwcDomain } from '../ops/nchwc.ts';

/** A convolution of blocked activations; everything not given is as in ONNX's Conv. */
export interface BlockedConv {
  readonly x: string;
  readonly w: string;
  readonly bias?: string | undefined;
  /** Blocked, of the result's shape, added to it. */
  readonly sum?: string | undefined;
  readonly relu?: boolean | undefined;
  readonly attributes?: Attributes;
}

/** Writes a blocked convolution: one pass for the product, the bias, a sum and a ReLU. */
export function writeConv(b: GraphBuilder, { x, w, bias = '', sum = '', relu, attributes = {} }: BlockedConv): string {
  const inputs = sum === '' ? (bias === '' ? [x, w] : [x, w, bias]) : [x, w, bias, sum];
  const kernel = b.dims(w).slice(2);
  const activation = relu ? { activation: string('Relu') } : {};
  return b.node('Conv', inputs, { kernel_shape: ints(kernel), ...attributes, ...activation }, { domain: nchwcDomain });
}

/** x scale + shift for each channel of a blocked x, in one pass: a 1 x 1 convolution of each channel with itself. */
export function writeAffine(b: GraphBuilder, x: string, { scale, shift, sum, relu }: AffineChange): string {
  const channels = Number(b.type(x).dims[1]);
  const factor = scale ?? b.constant(float32(new Float32Array(channels).fill(1)));
  const w = b.node('Reshape', [factor, b.int64([channels, 1, 1, 1])]);
  return writeConv(b, { x, w, bias: shift, sum, relu, attributes: { group: int(channels) } });
}

/** Scale and shift are [C], and may be left away. */
export interface AffineChange extends Pick<BlockedConv, 'sum' | 'relu'> {
  readonly scale?: string;
  readonly shift?: string;
}

/** The mean of each channel over all examples and cells of a blocked value, [C]. */
export function writeChannelMeans(b: GraphBuilder, x: string): string {
  const [, channels] = b.type(x).dims as [number, number];
  const pooled = b.node('GlobalAveragePool', [x], {}, { domain: nchwcDomain });
  const rows = b.node('Reshape', [pooled, b.int64([-1, channels])]);
  return meanOfRows(b, rows);
}

/** The sum of x y for each channel of two blocked values, [C]: each map of x slides over that of y, and fits once. */
export function writeChannelProducts(b: GraphBuilder, x: string, y: string): string {
  const [examples, channels, height, width] = b.dims(x) as [number, number, number, number];
  const maps = examples * channels;
  const image = b.node('Reshape', [x, b.int64([1, maps, height, width])]);
  const filters = b.node('Reshape', [y, b.int64([maps, 1, height, width])]);
  const sums = writeConv(b, { x: image, w: filters, attributes: { group: int(maps) } });
  const rows = b.node('Reshape', [sums, b.int64([examples, channels])]);
  return summed(b, rows, [0], false);
}

function meanOfRows(b: GraphBuilder, rows: string): string {
  return b.opset >= 18
    ? b.node('ReduceMean', [rows, b.int64([0])], { keepdims: int(0) })
    : b.node('ReduceMean', [rows], { axes: ints([0]), keepdims: int(0) });
}
