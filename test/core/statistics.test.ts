import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mean, meanOfKnown, quantileOfSorted } from '../../src/core/statistics.ts';

test('the mean of nothing is not a number', () => {
  expect(mean([1, 2, 4.5])).toBe(2.5);
  expect(mean(Float32Array.of(0.5, 0.25))).toBe(0.375);
  expect(mean([])).toBeNaN();
});

test('a mean leaves out what is not known, and is not known where nothing is', () => {
  expect(meanOfKnown([1, null, 4])).toBe(2.5);
  expect(meanOfKnown([0, 0])).toBe(0);
  expect(meanOfKnown([null, null])).toBeNull();
  expect(meanOfKnown([])).toBeNull();
});

test.each<[number[], number, number]>([
  // By hand: position (n - 1) q, and in proportion between its neighbours, as numpy.quantile does by default.
  [[1, 2, 3, 4], 0.25, 1.75],
  [[1, 2, 3, 4], 0.5, 2.5],
  [[1, 2, 3, 4], 0.75, 3.25],
  [[1, 2, 4, 8, 16], 0.25, 2],
  [[1, 2, 4, 8, 16], 0.9, 12.8],
  [[-3, 5], 0.25, -1],
  [[7], 0.75, 7],
  [[1, 2, 4], 0, 1],
  [[1, 2, 4], 1, 4],
])('of %j the quantile %f is %f', (sorted, q, expected) => {
  expect(quantileOfSorted(sorted, q)).toBeCloseTo(expected, 12);
});

test('a quantile lies within the numbers, and grows with its share', () => {
  const number = fc.float({ noNaN: true, min: -1e6, max: 1e6 });
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (numbers, a, b) => {
        const sorted = Float32Array.from(numbers).sort();
        const low = quantileOfSorted(sorted, Math.min(a, b));
        const high = quantileOfSorted(sorted, Math.max(a, b));
        const rounding = 1e-6;
        expect(low).toBeGreaterThanOrEqual(sorted[0]! - rounding);
        expect(high).toBeLessThanOrEqual(sorted.at(-1)! + rounding);
        expect(high).toBeGreaterThanOrEqual(low - rounding);
      },
    ),
  );
});
