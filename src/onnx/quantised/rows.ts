import type { Tensor } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import { int, ints } from '../graph.ts';
import { microsoftDomain } from '../ops/microsoft.ts';

/** Activations in 8 bits as values of a graph: `values` uint8 [rows, inner] minus `zero`, times `scales` [rows, 1]. */
export interface QuantisedRows {
  readonly values: string;
  /** 0 where left out. */
  readonly zero?: string;
  /** 1 where left out. */
  readonly scales?: string;
}

/** Added to the largest number of a row, so that a row of zeros is not divided by 0; in others it is lost in rounding. */
const almostNothing = 1e-30;
/** The middle of uint8. */
export const zeroPoint = 128;

/**
 * Writes the rounding of x [rows, inner], float32, to 8 bits with a scale for each row, its largest number over 127, or over 255
 * where no number is below 0. One scale for all rows would be a little faster, and would make what a row is rounded to depend
 * on the rows beside it.
 */
export function writeQuantisedRows(b: GraphBuilder, x: string, nonNegative: boolean): QuantisedRows {
  const most = b.node('Add', [largestOfRows(b, nonNegative ? x : b.node('Abs', [x])), noughts(b, x)]);
  const scales = b.node('Mul', [most, b.scalar(1 / (nonNegative ? 255 : 127))]);
  const perRow = b.node('Reshape', [scales, b.int64([-1])]);
  const quantise = (inputs: readonly string[]) =>
    b.node('QuantizeLinear', inputs, { axis: int(0) }, { domain: microsoftDomain });
  if (nonNegative) return { values: quantise([x, perRow]), scales };
  const zeros = b.node('ConstantOfShape', [b.node('Shape', [perRow])], {
    value: { kind: 'tensor', value: uint8(zeroPoint, [1]) },
  });
  return { values: quantise([x, perRow, zeros]), zero: b.constant(uint8(zeroPoint, [])), scales };
}

/** Almost 0 for each row, [rows, 1], and NaN for one with a NaN, which ONNX Runtime's ReduceMax overlooks. */
function noughts(b: GraphBuilder, x: string): string {
  const sums = b.node('ReduceSum', [x, b.int64([1])], { keepdims: int(1) });
  return b.node('Add', [b.node('Mul', [sums, b.scalar(0)]), b.scalar(almostNothing)]);
}

/** The largest number of each row, [rows, 1]. */
function largestOfRows(b: GraphBuilder, x: string): string {
  // ReduceMax takes its axes as an input since opset 18.
  return b.opset >= 18
    ? b.node('ReduceMax', [x, b.int64([1])], { keepdims: int(1) })
    : b.node('ReduceMax', [x], { axes: ints([1]), keepdims: int(1) });
}

/** One number, as a zero point is given. */
export function uint8(value: number, dims: readonly number[]): Tensor {
  return { dtype: 'uint8', dims, data: Uint8Array.of(value) };
}
