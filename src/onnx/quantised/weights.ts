import { float32 } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';

/** A weight matrix in 8 bits as values of a graph: `values` int8 [rows, columns] times `scales` float32 [columns]. */
export interface QuantisedWeight {
  readonly values: string;
  readonly scales: string;
}

/** The same as numbers. */
export interface QuantisedColumns {
  /** Row by row. */
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/** -127 … 127: with as many numbers above 0 as below, no zero point is needed. */
const largest = 127;
/** What is below is 0 to ONNX Runtime too, once it is divided. */
const smallest = 2 ** -119;

/**
 * Rounds a matrix to 8 bits with one scale for each column, its largest number over 127. `number` gives the number in row k and
 * column n. A column of zeros, or next to that, becomes zeros with the scale 1.
 */
export function quantisedColumns(
  rows: number,
  columns: number,
  number: (k: number, n: number) => number,
): QuantisedColumns {
  const scales = new Float32Array(columns);
  for (let k = 0; k < rows; k++)
    for (let n = 0; n < columns; n++) scales[n] = Math.max(scales[n]!, Math.abs(number(k, n)));
  // In float32 as the graph multiplies with it, so that rounding knows the scale that is used.
  for (let n = 0; n < columns; n++) scales[n] = scales[n]! < smallest ? 1 : scales[n]! / largest;
  const values = new Int8Array(rows * columns);
  for (let k = 0; k < rows; k++)
    for (let n = 0; n < columns; n++) {
      const rounded = Math.round(number(k, n) / scales[n]!);
      values[k * columns + n] = Math.max(-largest, Math.min(largest, rounded));
    }
  return { values, scales };
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
