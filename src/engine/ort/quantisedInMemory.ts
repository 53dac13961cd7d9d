import { fromBase64 } from '../../core/base64.ts';
import type { Tensor } from '../../core/tensor.ts';
import { factored, inverseOf, scaleOf } from '../../onnx/quantised/weights.ts';
import type { QuantisedInput } from '../../onnx/quantised/weightWriter.ts';

import { quantiseModule } from './quantiseModule.ts';
import { type OrtRecord, toOrt } from './session.ts';

const pageBytes = 0x10000;
/** Numbers that the functions of quantise.wat take at a time. */
const lane = 16;

/** The functions of quantise.wat; all arguments but counts are places in memory. */
interface QuantiseFunctions {
  maximaOfColumns(w: number, rows: number, columns: number, scales: number, maxima: number): void;
  maximaOfTurned(w: number, count: number, inner: number, scales: number, maxima: number): void;
  roundRows(w: number, rows: number, columns: number, scales: number, inverses: number, values: number): void;
  roundTurned(
    ...of: readonly [w: number, count: number, inner: number, scales: number, inverses: number, ...to: [number, number]]
  ): void;
  turn(rounded: number, inner: number, stride: number, columns: number, values: number): void;
  offset(values: number, bytes: number): void;
  columnSums(values: number, rows: number, columns: number, factors: number, sums: number): void;
}

/** Where the parts of a weight lie. */
interface Place {
  readonly input: QuantisedInput;
  readonly values: number;
  readonly rowScales: number;
  readonly rowShifts: number;
}

/** Weights in 8 bits that are made afresh again and again, always in the same memory. */
export interface QuantisedWeights {
  /** What a graph is fed with. */
  readonly tensors: OrtRecord;
  /** Rounds fresh weights, by initialiser. */
  refresh(weights: Readonly<Record<string, Tensor>>): void;
}

/**
 * Weights in 8 bits in a memory of WebAssembly, which ONNX Runtime reads them from. The bits are those of `quantisedMatrix`. To
 * be called in a thread with a session.
 */
export function quantisedInMemory(inputs: readonly QuantisedInput[]): QuantisedWeights {
  let end = 0;
  const take = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const most = (of: (input: QuantisedInput) => number) => Math.max(0, ...inputs.map(of));
  // Whole rows as they are stored come in here, and column by column they go through a second room before they are turned.
  const strip = take(4 * lane * (most(({ rows, columns, turned }) => (turned ? rows : columns)) + 1));
  const rounded = take(lane * strideOf(most(({ rows, turned }) => (turned ? rows : 0))));
  const maxima = take(4 * (most(({ columns }) => columns) + lane));
  const inverses = take(4 * (most(({ columns }) => columns) + lane));
  const sums = take(4 * (most(({ columns }) => columns) + lane));
  const places = inputs.map((input): Place => {
    const perRow = 4 * (input.rows + lane);
    // A few rows more than there are, as the last ones are written together with what follows them.
    const values = take((input.rows + 4) * input.columns + lane);
    return { input, values, rowScales: take(perRow), rowShifts: input.rowShifts ? take(perRow) : 0 };
  });
  const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(end / pageBytes)) });
  const compiled = new WebAssembly.Module(fromBase64(quantiseModule));
  const wasm = new WebAssembly.Instance(compiled, { memory: { memory } }).exports as unknown as QuantiseFunctions;
  const floats = new Float32Array(memory.buffer);
  const numbersAt = (at: number, count: number) => floats.subarray(at / 4, at / 4 + count);
  for (const { input, rowScales, rowShifts } of places) {
    numbersAt(rowScales, input.rows).set(input.rowScales ?? new Float32Array(input.rows).fill(1));
    if (input.rowShifts) numbersAt(rowShifts, input.rows).set(input.rowShifts);
  }
  const results = places.map(({ input }) => ({
    scales: new Float32Array(input.columns),
    shifts: input.rowShifts && new Float32Array(input.columns),
  }));

  const load = (data: Float32Array, from: number, to: number) => floats.set(data.subarray(from, to), strip / 4);
  /** Columns `from` to `to` have their largest numbers: makes of those what they are multiplied with. */
  const scale = (scales: Float32Array, from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const largest = floats[maxima / 4 + n]!;
      scales[n] = scaleOf(largest);
      floats[inverses / 4 + n] = inverseOf(largest);
    }
  };

  function roundRows({ input, values, rowScales }: Place, data: Float32Array, scales: Float32Array): void {
    const { rows, columns } = input;
    const strips = (round: (k: number, count: number) => void) => {
      for (let k = 0; k < rows; k += lane) {
        const count = Math.min(lane, rows - k);
        load(data, k * columns, (k + count) * columns);
        round(k, count);
      }
    };
    numbersAt(maxima, columns + lane).fill(0);
    strips((k, count) => wasm.maximaOfColumns(strip, count, columns, rowScales + 4 * k, maxima));
    scale(scales, 0, columns);
    strips((k, count) => wasm.roundRows(strip, count, columns, rowScales + 4 * k, inverses, values + k * columns));
  }

  function roundTurned({ input, values, rowScales }: Place, data: Float32Array, scales: Float32Array): void {
    const { rows, columns } = input;
    const stride = strideOf(rows);
    // From the last columns on: what sixteen at a time write behind the last one is overwritten by the first ones.
    for (let n = Math.floor((columns - 1) / lane) * lane; n >= 0; n -= lane) {
      const count = Math.min(lane, columns - n);
      load(data, n * rows, (n + count) * rows);
      wasm.maximaOfTurned(strip, count, rows, rowScales, maxima + 4 * n);
      scale(scales, n, n + count);
      wasm.roundTurned(strip, count, rows, rowScales, inverses + 4 * n, rounded, stride);
      wasm.turn(rounded, rows, stride, columns, values + n);
    }
  }

  return {
    tensors: Object.fromEntries(
      places.flatMap(({ input: { rows, columns, ...input }, values }, index) => {
        const { scales, shifts } = results[index]!;
        const dims = [rows, columns];
        const data = new Int8Array(memory.buffer, values, rows * columns);
        const bytes = new Uint8Array(memory.buffer, values, rows * columns);
        return [
          [
            input.values,
            toOrt(input.unsigned ? { dtype: 'uint8', dims, data: bytes } : { dtype: 'int8', dims, data }),
          ] as const,
          [input.scales, toOrt({ dtype: 'float32', dims: [columns], data: scales })] as const,
          ...(shifts ? [[input.shifts, toOrt({ dtype: 'float32', dims: [columns], data: shifts })] as const] : []),
        ];
      }),
    ),
    refresh(weights) {
      places.forEach((place, index) => {
        const { input, values, rowShifts } = place;
        const { rows, columns, factor } = input;
        const { scales, shifts } = results[index]!;
        const data = weights[input.weight]!.data as Float32Array;
        (input.turned ? roundTurned : roundRows)(place, data, scales);
        if (shifts) wasm.columnSums(values, rows, columns, rowShifts, sums);
        if (input.unsigned) wasm.offset(values, rows * columns);
        const made = factored(scales, shifts && numbersAt(sums, columns), factor);
        scales.set(made.scales);
        shifts?.set(made.shifts!);
      });
    },
  };
}

/** Bytes of a row that is rounded sixteen numbers at a time. */
function strideOf(numbers: number): number {
  return Math.ceil(numbers / lane) * lane;
}
