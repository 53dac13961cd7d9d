import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decayNames, rateAt } from '../../src/core/schedule.ts';

const rates = (decay: (typeof decayNames)[number], warmup: number, steps: number) =>
  Array.from({ length: steps }, (_, index) => rateAt({ decay, warmup, steps }, index + 1));

test('a constant rate stays, after a warm-up that rises evenly', () => {
  expect(rates('constant', 0, 3)).toEqual([1, 1, 1]);
  expect(rates('constant', 4, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
});

test('a linear rate falls evenly, to reach 0 after the last step', () => {
  expect(rates('linear', 0, 4)).toEqual([1, 0.75, 0.5, 0.25]);
  expect(rates('linear', 2, 5)).toEqual([0.5, 1, 0.75, 0.5, 0.25]);
});

test('a cosine rate falls along half a period', () => {
  // (1 + cos(π i / 4)) / 2
  expect(rates('cosine', 0, 4)).toBeAllClose([1, 0.8535534, 0.5, 0.1464466]);
});

test('no step is wasted on a rate of 0, and none is above 1', () => {
  const schedule = fc.record({
    decay: fc.constantFrom(...decayNames),
    warmup: fc.integer({ min: 0, max: 50 }),
    steps: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(schedule, fc.integer({ min: 1, max: 100 }), (of, step) => {
      fc.pre(step <= of.steps);
      const rate = rateAt(of, step);
      expect(rate).toBeGreaterThan(0);
      expect(rate).toBeLessThanOrEqual(1);
    }),
  );
});
