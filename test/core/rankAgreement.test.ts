import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { averageRanks, rankAgreement } from '../../src/core/rankAgreement.ts';

describe('ranks', () => {
  test('count from 1 up', () => {
    expect([...averageRanks([0.3, -1, 7])]).toEqual([2, 1, 3]);
  });

  test('of equal numbers are their mean, and -0 is equal to 0', () => {
    expect([...averageRanks([5, 1, 5, 5, 2])]).toEqual([4, 1, 4, 4, 2]);
    expect([...averageRanks([0, -0])]).toEqual([1.5, 1.5]);
  });

  test('put NaN above infinity, all NaN equal', () => {
    expect([...averageRanks([Number.NaN, Infinity, Number.NaN, -Infinity])]).toEqual([3.5, 2, 3.5, 1]);
  });
});

describe('the agreement of two lists of losses', () => {
  test('is Spearman’s correlation, computed by hand', () => {
    // d² = 1, 1, 1, 1, 0: 1 - 6 · 4 / (5 · 24) = 0.8.
    expect(rankAgreement([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]).spearman).toBeCloseTo(0.8, 12);
    expect(rankAgreement([1, 2, 3], [9, 8, 7]).spearman).toBeCloseTo(-1, 12);
  });

  test('with ties is Pearson’s correlation of the ranks', () => {
    // Ranks 1.5 1.5 3 against 1 2 3: covariance 1.5, variances 1.5 and 2.
    expect(rankAgreement([1, 1, 2], [1, 2, 3]).spearman).toBeCloseTo(1.5 / Math.sqrt(3), 12);
  });

  test('is the share of the top tenth that both have, rounded up, the first of equals', () => {
    const a = Array.from({ length: 20 }, (_, i) => i);
    const b = a.map((value) => (value === 18 ? -1 : value));
    expect(rankAgreement(a, b).topTenthOverlap).toBe(0.5);
    expect(rankAgreement([1, 1, 0], [1, 0, 0]).topTenthOverlap).toBe(1);
    expect(rankAgreement([1, 1, 0], [0, 1, 0]).topTenthOverlap).toBe(0);
    expect(rankAgreement(Array(11).fill(0), Array(11).fill(0)).topTenthOverlap).toBe(1);
  });

  test('takes NaN as the largest loss', () => {
    const a = [Number.NaN, 3, 2, 1];
    expect(rankAgreement(a, [9, 3, 2, 1])).toEqual({ spearman: 1, topTenthOverlap: 1 });
    expect(rankAgreement(a, [0, 3, 2, 1]).topTenthOverlap).toBe(0);
  });

  test('is NaN where a list has one rank only, or nothing', () => {
    expect(rankAgreement([1, 1], [1, 2]).spearman).toBeNaN();
    expect(rankAgreement([], [])).toEqual({ spearman: Number.NaN, topTenthOverlap: Number.NaN });
  });

  test('is 1 for a list and whatever keeps its order, whichever comes first', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 2 }), (values) => {
        const bent = values.map((value) => value ** 3 / 7 + 5);
        for (const { spearman, topTenthOverlap } of [rankAgreement(values, bent), rankAgreement(bent, values)]) {
          expect(spearman).toBeCloseTo(1, 12);
          expect(topTenthOverlap).toBe(1);
        }
      }),
    );
  });

  test('of lists of different lengths is an error', () => {
    expect(() => rankAgreement([1], [1, 2])).toThrow('Lists of 1 and 2 losses');
  });
});
