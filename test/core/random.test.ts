import fc from 'fast-check';
import { expect, test } from 'vitest';
import { permutation, type RandomStream, randomStream, shuffle } from '../../src/core/random.ts';

function first(count: number, random: RandomStream, limit = 1000): number[] {
  return Array.from({ length: count }, () => random.below(limit));
}

// Pinned: other numbers would change every split, noise, order and weight that a seed leads to.
test('streams give the numbers they have always given', () => {
  expect(first(6, randomStream(0, 'holdout'))).toEqual([228, 462, 615, 411, 697, 205]);
  expect(first(6, randomStream(1, 'holdout'))).toEqual([743, 689, 554, 828, 24, 563]);
  expect(first(6, randomStream(0, 'noise'))).toEqual([823, 376, 378, 813, 164, 339]);
  const weights = randomStream(0, 'weights');
  expect(Array.from({ length: 4 }, () => weights.unit() * 2 ** 24)).toEqual([1269841, 560354, 1751828, 6135804]);
  expect([...permutation(10, randomStream(0, 'order/epoch 0'))]).toEqual([5, 8, 6, 9, 2, 0, 4, 3, 1, 7]);
});

test('a stream is made by its seed and name alone', () => {
  const one = randomStream(3, 'a');
  const other = randomStream(3, 'a');
  first(5, randomStream(3, 'b'));
  expect(first(20, one)).toEqual(first(20, other));
});

test('numbers stay below their limit, up to 2^32', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
      const random = randomStream(seed, 'limit');
      for (const value of first(10, random, limit)) {
        expect(Number.isInteger(value)).toBe(true);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(limit);
      }
      const unit = random.unit();
      expect(unit).toBeGreaterThanOrEqual(0);
      expect(unit).toBeLessThan(1);
    }),
  );
});

test('a permutation holds every id once', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.integer(), (length, seed) => {
      const ids = permutation(length, randomStream(seed, 'ids'));
      expect([...ids].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, id) => id));
    }),
  );
});

test('all orders of three values come up equally often', () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 6000; seed++) {
    const order = shuffle(['a', 'b', 'c'], randomStream(seed, 'shuffle')).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
