import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shared, timed, without } from '../../src/core/span.ts';

const span = (began: number, ended: number) => ({ began, ended });

test('two spans share what lies in both', () => {
  expect(shared(span(0, 5), span(3, 9))).toBe(2);
  expect(shared(span(0, 5), span(1, 2))).toBe(1);
  expect(shared(span(0, 5), span(5, 6))).toBe(0);
  expect(shared(span(0, 1), span(7, 8))).toBe(0);
});

test('what others cover is taken out, which may leave several parts', () => {
  expect(without(span(0, 10), [span(2, 3), span(8, 12)])).toEqual([span(0, 2), span(3, 8)]);
  expect(without(span(4, 5), [span(0, 9)])).toEqual([]);
  expect(without(span(4, 5), [])).toEqual([span(4, 5)]);
});

const spans = fc
  .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 10 }))
  .map(([from, length]) => span(from, from + length));

test('the parts left are as long as the moments that no other span has', () => {
  fc.assert(
    fc.property(spans, fc.array(spans, { maxLength: 5 }), (whole, others) => {
      const moments = Array.from({ length: whole.ended - whole.began }, (_, i) => whole.began + i);
      const free = moments.filter((at) => !others.some(({ began, ended }) => began <= at && at < ended)).length;
      expect(without(whole, others).reduce((sum, { began, ended }) => sum + ended - began, 0)).toBe(free);
    }),
  );
});

test('timed work tells when it was done', async () => {
  const result = await timed(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { answer: 42 };
  });
  expect(result.answer).toBe(42);
  expect(result.span.ended - result.span.began).toBeGreaterThan(15);
  expect(Math.abs(result.span.ended - Date.now())).toBeLessThan(1000);
});
