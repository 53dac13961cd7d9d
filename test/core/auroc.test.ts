import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auroc, descendingOrder, precisionAt } from '../../src/core/auroc.ts';

describe('auroc', () => {
  it('counts the pairs in which the positive scores higher', () => {
    // Positives 0.9 and 0.4 against negatives 0.5 and 0.1: three of four pairs.
    expect(auroc([0.9, 0.5, 0.4, 0.1], [1, 0, 1, 0])).toBe(0.75);
  });

  it('is 1 where the positives come first and 0 where they come last', () => {
    expect(auroc([3, 2, 1], [1, 0, 0])).toBe(1);
    expect(auroc([3, 2, 1], [0, 0, 1])).toBe(0);
  });

  it('counts ties half', () => {
    expect(auroc([1, 1, 1, 1], [1, 0, 0, 1])).toBe(0.5);
    // Positive 2 wins over 1 and ties with 2: 1.5 of two pairs.
    expect(auroc([2, 2, 1], [1, 0, 0])).toBe(0.75);
  });

  it('takes infinite scores for what they are', () => {
    expect(auroc([Infinity, Infinity, 1, -Infinity], [1, 0, 1, 0])).toBe((1 + 0.5 + 1 + 0) / 4);
  });

  it('is null without a positive or without a negative', () => {
    expect(auroc([1, 2], [1, 1])).toBeNull();
    expect(auroc([1, 2], [0, 0])).toBeNull();
    expect(auroc([], [])).toBeNull();
  });

  it('is the share of pairs for any scores', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { maxLength: 30 }), (rows) => {
        const [above, below] = [true, false].map((kind) =>
          rows.filter(([, is]) => is === kind).map(([score]) => score),
        );
        const pairs = above!.flatMap((a) => below!.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
        const expected = pairs.length === 0 ? null : pairs.reduce<number>((sum, won) => sum + won, 0) / pairs.length;
        const found = auroc(
          rows.map(([score]) => score),
          rows.map(([, is]) => Number(is)),
        );
        if (expected === null) expect(found).toBeNull();
        else expect(found).toBeCloseTo(expected, 12);
      }),
    );
  });
});

describe('the order by score', () => {
  it('puts the highest first and of equal ones the first', () => {
    expect([...descendingOrder([1, Infinity, 3, 1, Infinity])]).toEqual([1, 4, 2, 0, 3]);
  });
});

describe('precision', () => {
  it('is the share of positives among the first', () => {
    expect(precisionAt([2, 0, 3, 1], [0, 1, 1, 1], [1, 2, 3, 4])).toEqual([1, 0.5, 2 / 3, 0.75]);
  });
});
