import { expect, test } from 'vitest';
import { agreementWith } from '../../src/loop/agreement.ts';

const exact = Float32Array.from({ length: 20 }, (_, i) => i);

test('without a shortlist both lists are compared as they are', () => {
  expect(agreementWith(exact, exact.toReversed(), null)).toEqual({ spearman: -1, topTenthOverlap: 0 });
});

test('a shortlist brings back the best that are on it', () => {
  // The two best are 18 and 19, and 19 is not on the list.
  const used = exact.map((score) => (score === 19 ? 0 : score === 18 ? 11 : score));
  const { spearman, topTenthOverlap } = agreementWith(exact, used, Uint32Array.of(17, 16, 18));
  expect(topTenthOverlap).toBe(0.5);
  expect(spearman).toBeLessThan(1);
  expect(agreementWith(exact, used, Uint32Array.of(17, 18, 19)).topTenthOverlap).toBe(1);
});
