import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../src/core/random.ts';
import { float32 } from '../../src/core/tensor.ts';
import { quantisedInMemory } from '../../src/engine/ort/quantisedInMemory.ts';
import { loadRuntime } from '../../src/engine/ort/session.ts';
import { quantisedMatrix, type Rounding } from '../../src/onnx/quantised/weights.ts';
import type { QuantisedInput } from '../../src/onnx/quantised/weightWriter.ts';

beforeAll(() => loadRuntime('cpu'));

function input(rounding: Partial<Rounding> & Pick<Rounding, 'rows' | 'columns'>, weight = 'w'): QuantisedInput {
  const plain = { turned: false, rowScales: null, rowShifts: null, factor: 1 };
  const names = { values: `${weight}/values`, scales: `${weight}/scales`, shifts: `${weight}/shifts` };
  return { ...plain, ...rounding, weight, unsigned: false, ...names };
}

/** Numbers of many magnitudes. */
function numbers(name: string, count: number, spread: number): Float32Array {
  const random = randomStream(1, name);
  return Float32Array.from({ length: count }, () => (2 * random.unit() - 1) * 2 ** (spread * random.unit()));
}

/** The weight `w` in 8 bits as it lies in memory, 0 for -0. */
function made({ tensors }: ReturnType<typeof quantisedInMemory>, weight = 'w') {
  const of = (part: string) => {
    const { data } = tensors[`${weight}/${part}`] ?? {};
    return data === undefined ? null : Array.from(data as Float32Array, (number) => number + 0);
  };
  return { values: of('values'), scales: of('scales'), shifts: of('shifts') };
}

function expected(data: Float32Array, rounding: Rounding) {
  const { values, scales, shifts } = quantisedMatrix(data, rounding);
  const plain = (array: Int8Array | Float32Array) => Array.from(array, (number) => number + 0);
  return { values: plain(values), scales: plain(scales), shifts: shifts && plain(shifts) };
}

describe('fresh weights in 8 bits', () => {
  // Four rows that count 1, 2, 4 and 8: the columns are rounded with the scales 1, 2, and 1 for that of zeros.
  const rows = [[127, -254, 0], [1.5, 5, 0], [2.5, -3, 0], [-0.4, 1, 0], ...Array.from({ length: 5 }, () => [0, 0, 0])];
  const rowShifts = Float32Array.of(1, 2, 4, 8, 0, 0, 0, 0, 0);
  // Ties go to the even number: 1.5 and 2.5 are 2, and so is 5 / 2; -3 / 2 is -2, and 1 / 2 is 0.
  const values = [[127, -127, 0], [2, 2, 0], [2, -2, 0], ...Array.from({ length: 6 }, () => [0, 0, 0])];
  const shifts = [127 + 4 + 8, (-127 + 4 - 8) * 2, 0];

  test.each([false, true])('are what one rounds by hand (stored column by column: %s)', (turned) => {
    const data = turned ? [0, 1, 2].flatMap((n) => rows.map((row) => row[n]!)) : rows.flat();
    const of = quantisedInMemory([input({ rows: 9, columns: 3, turned, rowShifts, factor: -0.5 })]);
    of.refresh({ w: float32(data, [27]) });
    expect(made(of)).toEqual({
      values: values.flat(),
      scales: [-0.5, -1, -0.5],
      shifts: shifts.map((shift) => -0.5 * shift + 0),
    });
  });

  test('have the bits of constants, whatever the shape and however often they are refreshed', () => {
    const shape = { rows: fc.integer({ min: 4, max: 70 }), columns: fc.integer({ min: 1, max: 70 }) };
    const how = { turned: fc.boolean(), ofBytes: fc.boolean(), spread: fc.integer({ min: 0, max: 40 }) };
    fc.assert(
      fc.property(fc.record({ ...shape, ...how }), ({ rows, columns, turned, ofBytes, spread }) => {
        const rounding = {
          rows,
          columns,
          turned,
          rowScales: ofBytes ? numbers('scales', rows, 3) : null,
          rowShifts: ofBytes ? numbers('shifts', rows, 6) : null,
          factor: ofBytes ? Math.fround(0.3) : 1,
        };
        const of = quantisedInMemory([input(rounding), input({ rows: 17, columns: 20 }, 'other')]);
        for (const name of ['first', 'second']) {
          const data = numbers(name, rows * columns, spread);
          const other = numbers(`other ${name}`, 340, 1);
          of.refresh({ w: float32(data, [data.length]), other: float32(other, [340]) });
          expect(made(of)).toEqual(expected(data, rounding));
          expect(made(of, 'other')).toEqual(expected(other, input({ rows: 17, columns: 20 })));
        }
      }),
      { numRuns: 150 },
    );
  });

  test('may be whole numbers around 128', () => {
    const of = quantisedInMemory([
      { ...input({ rows: 8, columns: 3, rowShifts: new Float32Array(8).fill(1) }), unsigned: true },
    ]);
    for (const sign of [1, -1]) {
      const data = Float32Array.from({ length: 24 }, (_, i) => (i % 3 === 1 ? sign * 127 : 0));
      of.refresh({ w: float32(data) });
      const row = [128, 128 + sign * 127, 128];
      expect(made(of)).toEqual({
        values: Array(8).fill(row).flat(),
        scales: [1, 1, 1],
        shifts: [0, sign * 8 * 127, 0],
      });
    }
  });

  test.each([false, true])('are zeros where a column has next to nothing (column by column: %s)', (turned) => {
    const of = quantisedInMemory([input({ rows: 8, columns: 1, turned })]);
    of.refresh({ w: float32(new Float32Array(8).fill(2 ** -130)) });
    expect(made(of)).toMatchObject({ values: Array(8).fill(0), scales: [1] });
  });

  test.each([false, true])('have the scale NaN where a column is not finite (column by column: %s)', (turned) => {
    for (const place of [0, 5, 10])
      for (const wrong of [Number.NaN, Number.NEGATIVE_INFINITY]) {
        const of = quantisedInMemory([input({ rows: 11, columns: 1, turned })]);
        of.refresh({ w: float32(Float32Array.from({ length: 11 }, (_, k) => (k === place ? wrong : 1))) });
        expect(made(of).scales).toEqual([Number.NaN]);
      }
  });
});
