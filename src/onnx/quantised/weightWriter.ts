import { float32 } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import type { WeightMatrix } from './matrix.ts';
import { uint8, zeroPoint } from './rows.ts';
import type { StoredBytes } from './storedBytes.ts';
import { type QuantisedWeight, quantisedMatrix, type Rounding } from './weights.ts';

/** A weight in 8 bits in a graph, with the shift of each column, [columns]; '' for none. */
export interface WrittenMatrix extends QuantisedWeight {
  readonly shifts: string;
}

/** Inputs of a graph that are made afresh from the initialiser `weight`; plain data, which can be posted to a thread. */
export interface QuantisedInput extends Rounding, WrittenMatrix {
  readonly weight: string;
  /** Whether its values are uint8 around 128 rather than int8 around 0. */
  readonly unsigned: boolean;
}

/** Adds weights in 8 bits to a graph, once for all products that take them alike. */
export interface WeightWriter {
  /** A weight times `factor`; `bytes` where it is multiplied with stored bytes. */
  write(matrix: WeightMatrix, factor: number, bytes?: StoredBytes): WrittenMatrix;
  /** Those that have become inputs so far. */
  readonly inputs: readonly QuantisedInput[];
}

/** With `unsigned`, inputs are uint8 around 128. */
export function weightWriter(b: GraphBuilder, unsigned: boolean): WeightWriter {
  const written = new Map<string, WrittenMatrix>();
  const inputs: QuantisedInput[] = [];

  const asInputs = (rounding: Rounding, weight: string): WrittenMatrix => {
    const { rows, columns } = rounding;
    const name = `rho/int8/${inputs.length + 1}`;
    const values = b.input({ name: `${name}/values`, dtype: unsigned ? 'uint8' : 'int8', dims: [rows, columns] });
    const zero = unsigned ? b.constant(uint8(zeroPoint, [])) : '';
    const perColumn = (of: string) => b.input({ name: `${name}/${of}`, dtype: 'float32', dims: [columns] });
    const scales = perColumn('scales');
    const shifts = rounding.rowShifts === null ? '' : perColumn('shifts');
    const added = { values, zero, scales, shifts };
    inputs.push({ ...rounding, ...added, weight, unsigned });
    return added;
  };
  const asConstants = (rounding: Rounding, data: Float32Array): WrittenMatrix => {
    const { values, scales, shifts } = quantisedMatrix(data, rounding);
    return {
      values: b.constant({ dtype: 'int8', dims: [rounding.rows, rounding.columns], data: values }),
      scales: b.constant(float32(scales)),
      shifts: shifts === null ? '' : b.constant(float32(shifts)),
    };
  };

  return {
    inputs,
    write({ name, rows, columns, turned, data }, factor, bytes) {
      const key = [rows, columns, turned, factor, name].join();
      // What is done to bytes differs from product to product.
      const known = bytes ? undefined : written.get(key);
      if (known !== undefined) return known;
      const rowScales = bytes ? Float32Array.from(bytes.scale) : null;
      const rowShifts = bytes ? Float32Array.from(bytes.shift, (shift, k) => shift / bytes.scale[k]!) : null;
      const rounding = { rows, columns, turned, rowScales, rowShifts, factor };
      const added = data === null ? asInputs(rounding, name) : asConstants(rounding, data);
      if (!bytes) written.set(key, added);
      return added;
    },
  };
}
