import { float32 } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';

/** A weight matrix in 8 bits as values of a graph: `values` [rows, columns], minus `zero`, times `scales` float32 [columns]. */
export interface QuantisedWeight {
  readonly values: string;
  /** Of uint8; left out or '', the values are int8 around 0. */
  readonly zero?: string;
  readonly scales: string;
}

/** The same as numbers. */
export interface QuantisedColumns {
  /** Row by row. */
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/** How a float32 matrix, as it is multiplied from the right, becomes one in 8 bits; plain data. */
export interface Rounding {
  readonly rows: number;
  readonly columns: number;
  /** Whether its numbers lie column by column, as those of PyTorch's [out, in] do. */
  readonly turned: boolean;
  /** What each row is multiplied with before it is rounded; null: 1. */
  readonly rowScales: Float32Array | null;
  /** What each row of the rounded matrix counts in the shift of a column; null: there is none. */
  readonly rowShifts: Float32Array | null;
  /** Scales and shifts are multiplied with that. */
  readonly factor: number;
}

/** A weight in 8 bits, with the shift of each column where there is one. */
export interface QuantisedMatrix extends QuantisedColumns {
  readonly shifts: Float32Array | null;
}

/** -127 … 127: with as many numbers above 0 as below, no zero point is needed. */
const largest = 127;
/** What is below is 0 to ONNX Runtime too, once it is divided. */
const smallest = 2 ** -119;
/** Added to a float32 it leaves no room for what is behind the point: rounded to the nearest, ties to even. */
const wholeNumbers = 1.5 * 2 ** 23;

/**
 * The scale of a column whose largest number is `most`: that over 127. A column of zeros, or next to that, has the scale 1, and one
 * that is not finite NaN, which is what it gives then.
 */
export function scaleOf(most: number): number {
  if (!Number.isFinite(most)) return Number.NaN;
  return most < smallest ? 1 : Math.fround(most / largest);
}

/** What the numbers of such a column are multiplied with before they are rounded. */
export function inverseOf(most: number): number {
  return most < smallest ? 1 : Math.fround(largest / most);
}

/**
 * Rounds a matrix to 8 bits with one scale for each column. `number` gives the number in row k and column n. Every operation is
 * one of float32, so that fresh weights are rounded to the same bits four at a time (engine/ort/quantise.wat).
 */
export function quantisedColumns(
  rows: number,
  columns: number,
  number: (k: number, n: number) => number,
): QuantisedColumns {
  const most = new Float32Array(columns);
  for (let k = 0; k < rows; k++) for (let n = 0; n < columns; n++) most[n] = Math.max(most[n]!, Math.abs(number(k, n)));
  const inverses = most.map(inverseOf);
  const values = new Int8Array(rows * columns);
  for (let k = 0; k < rows; k++)
    for (let n = 0; n < columns; n++) {
      const scaled = Math.fround(Math.fround(number(k, n)) * inverses[n]!);
      values[k * columns + n] = Math.fround(scaled + wholeNumbers) - wholeNumbers;
    }
  return { values, scales: most.map(scaleOf) };
}

/** A matrix in 8 bits. A column's shift is the sum of its rounded numbers, each times what its row counts. */
export function quantisedMatrix(data: Float32Array, rounding: Rounding): QuantisedMatrix {
  const { rows, columns, turned, rowScales, rowShifts } = rounding;
  const at = (k: number, n: number) => data[turned ? n * rows + k : k * columns + n]!;
  const scaled = rowScales ? (k: number, n: number) => Math.fround(at(k, n) * rowScales[k]!) : at;
  const { values, scales } = quantisedColumns(rows, columns, scaled);
  const sums = rowShifts && columnSums(values, rowShifts, columns);
  return { values, ...factored(scales, sums, rounding.factor) };
}

/** Scales as a graph multiplies with them, and the shifts from the sums of the columns. */
export function factored(
  scales: Float32Array,
  sums: Float32Array | null,
  factor: number,
): Pick<QuantisedMatrix, 'scales' | 'shifts'> {
  return {
    scales: scales.map((scale) => scale * factor),
    shifts: sums?.map((sum, n) => Math.fround(sum * scales[n]!) * factor) ?? null,
  };
}

function columnSums(values: Int8Array, factors: Float32Array, columns: number): Float32Array {
  const sums = new Float32Array(columns);
  factors.forEach((factor, k) => {
    for (let n = 0; n < columns; n++) sums[n]! += Math.fround(factor * values[k * columns + n]!);
  });
  return sums;
}

/** Adds a quantised matrix to a graph as constants, its scales times `factor`. */
export function writeWeight(b: GraphBuilder, { values, scales }: QuantisedColumns, factor: number): QuantisedWeight {
  const columns = scales.length;
  const dims = [values.length / columns, columns];
  return {
    values: b.constant({ dtype: 'int8', dims, data: values }),
    scales: b.constant(float32(scales.map((scale) => scale * factor))),
  };
}
