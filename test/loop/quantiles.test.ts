import { expect, test } from 'vitest';
import { meanQuantiles, quantilesOf } from '../../src/loop/quantiles.ts';

test('quantiles of losses in any order', () => {
  expect(quantilesOf(Float32Array.of(4, 0.5, 16, 1, 2))).toEqual({ min: 0.5, q25: 1, median: 2, q75: 4, max: 16 });
  expect(quantilesOf(Float32Array.of(3, 1))).toEqual({ min: 1, q25: 1.5, median: 2, q75: 2.5, max: 3 });
});

test('losses that are not finite are left out, so that quantiles survive JSON', () => {
  const losses = Float32Array.of(Number.NaN, 3, Number.POSITIVE_INFINITY, 1, Number.NaN);
  const quantiles = quantilesOf(losses);
  expect(quantiles).toEqual({ min: 1, q25: 1.5, median: 2, q75: 2.5, max: 3 });
  expect(JSON.parse(JSON.stringify(quantiles))).toEqual(quantiles);
  expect(quantilesOf(Float32Array.of(Number.NaN))).toBeNull();
  expect(quantilesOf(Float32Array.of())).toBeNull();
});

test('the mean of quantiles leaves out steps that have none', () => {
  const one = { min: 0, q25: 1, median: 2, q75: 3, max: 4 };
  const other = { min: 1, q25: 2, median: 4, q75: 8, max: 16 };
  expect(meanQuantiles([one, null, other])).toEqual({ min: 0.5, q25: 1.5, median: 3, q75: 5.5, max: 10 });
  expect(meanQuantiles([null])).toBeNull();
  expect(meanQuantiles([])).toBeNull();
});
