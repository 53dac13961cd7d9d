import { expect, test } from 'vitest';
import {
  addSums,
  joinTables,
  lossStatistics,
  noLosses,
  sliceTable,
  sumLosses,
  unknownClass,
} from '../../src/store/lossTable.ts';
import { table } from './example.ts';

test('joined tables have their rows in the order of ids, whichever table they come from', () => {
  const joined = joinTables([
    {
      ids: Uint32Array.of(9, 3),
      loss: Float32Array.of(0.9, 0.3),
      labels: Int32Array.of(9, 3),
      predicted: Int32Array.of(90, 30),
      margin: Float32Array.of(-0.9, -0.3),
    },
    table,
  ]);
  expect([...joined.ids]).toEqual([0, 2, 3, 4, 6, 9]);
  expect([...joined.loss]).toEqual([0.25, 1.5, Math.fround(0.3), 0.5, 0.75, Math.fround(0.9)]);
  expect([...joined.labels]).toEqual([3, 1, 3, 0, 2, 9]);
  expect([...joined.predicted]).toEqual([3, 2, 30, 0, 2, 90]);
  expect(joined.margin).toBeAllClose([0.6, -0.5, -0.3, 0.25, 0.125, -0.9]);
});

test('no tables make a table without rows', () => {
  expect(joinTables([]).ids.length).toBe(0);
});

test('an id that is there twice is named', () => {
  expect(() => joinTables([table, table])).toThrow('Cannot join losses: id 0 is there twice, expected every id once');
});

test('statistics are the mean loss and the share predicted as labelled', () => {
  expect(lossStatistics(sumLosses(table))).toEqual({ meanLoss: 0.75, accuracy: 0.75, nan: 0, infinite: 0 });
});

test('losses that are not finite are counted and left out of the mean', () => {
  const loss = Float32Array.of(Number.NaN, 1, Number.POSITIVE_INFINITY, 2);
  expect(lossStatistics(sumLosses({ ...table, loss }))).toEqual({ meanLoss: 1.5, accuracy: 0.75, nan: 1, infinite: 1 });
});

test('a mean of nothing is null', () => {
  expect(lossStatistics(sumLosses(joinTables([])))).toEqual({ meanLoss: null, accuracy: null, nan: 0, infinite: 0 });
});

test('statistics of parts add up to those of the whole', () => {
  const parts = [sliceTable(table, 0, 1), sliceTable(table, 1, 4)];
  expect(lossStatistics(parts.map(sumLosses).reduce(addSums, noLosses))).toEqual(lossStatistics(sumLosses(table)));
});

test('there is no accuracy where no prediction is known', () => {
  const predicted = new Int32Array(4).fill(unknownClass);
  expect(lossStatistics(sumLosses({ ...table, predicted }))).toMatchObject({ meanLoss: 0.75, accuracy: null });
});
