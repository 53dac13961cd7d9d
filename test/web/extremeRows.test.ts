import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extremeRows, lowestOfEach } from '../../src/web/look/extremeRows.ts';

const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.POSITIVE_INFINITY)));

test('gives the first of all rows sorted by value, of equal values the first row', () => {
  fc.assert(
    fc.property(values, fc.nat(12), fc.constantFrom('highest', 'lowest'), fc.nat(5), (losses, count, extreme, but) => {
      const accepts = (row: number) => losses[row] !== but;
      const sign = extreme === 'highest' ? -1 : 1;
      const compare = (a: number, b: number) =>
        losses[a] === losses[b] ? a - b : sign * (losses[a]! < losses[b]! ? -1 : 1);
      const sorted = losses
        .map((_, row) => row)
        .filter(accepts)
        .sort(compare);
      expect(extremeRows(losses, accepts, count, extreme)).toEqual(sorted.slice(0, count));
    }),
  );
});

test('goes through a million rows in ascending order, the slowest there is, in less than a second', () => {
  const losses = Float32Array.from({ length: 1_000_000 }, (_, row) => row);
  const began = performance.now();
  expect(extremeRows(losses, () => true, 100, 'highest').slice(0, 2)).toEqual([999_999, 999_998]);
  expect(performance.now() - began).toBeLessThan(1000);
});

test('the lowest of each label come in turns', () => {
  const losses = [0, 0, 0, 3, 1, 2, 0];
  const labels = [7, 7, 7, 2, 2, 5, 7];
  expect(lowestOfEach(losses, labels, () => true, 5)).toEqual([0, 4, 5, 1, 3]);
  expect(lowestOfEach(losses, labels, (row) => row > 0, 2)).toEqual([1, 4]);
  expect(lowestOfEach(losses, labels, () => true, 9)).toHaveLength(7);
  expect(lowestOfEach([], [], () => true, 3)).toEqual([]);
});
