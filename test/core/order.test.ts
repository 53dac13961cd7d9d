import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeOrder } from '../../src/core/order.ts';

test('the order of a seed is the one it has always been', () => {
  const order = makeOrder(Uint32Array.of(10, 11, 12, 13, 14, 15, 16), 3, 0);
  expect(order.perEpoch).toBe(2);
  expect([0, 1, 2, 3].map((step) => [...order.at(step)])).toEqual([
    [13, 11, 10],
    [12, 15, 16],
    [12, 14, 13],
    [11, 10, 16],
  ]);
});

test('an epoch takes no id twice, and leaves out less than a big batch', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(10_000), { minLength: 1, maxLength: 60 }),
      fc.nat(1000),
      fc.integer(),
      fc.nat(5),
      (ids, pick, seed, epoch) => {
        const bigBatch = 1 + (pick % ids.length);
        const { perEpoch, at } = makeOrder(Uint32Array.from(ids), bigBatch, seed);
        const seen: number[] = [];
        for (let step = epoch * perEpoch; step < (epoch + 1) * perEpoch; step++) {
          const batch = at(step);
          expect(batch.length).toBe(bigBatch);
          seen.push(...batch);
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.every((id) => ids.includes(id))).toBe(true);
        expect(ids.length - seen.length).toBeLessThan(bigBatch);
      },
    ),
  );
});

test('every id comes up once in an epoch that divides evenly', () => {
  const order = makeOrder(
    Uint32Array.from({ length: 12 }, (_, i) => 100 + i),
    4,
    7,
  );
  const epoch = [3, 4, 5].flatMap((step) => [...order.at(step)]);
  expect(epoch.sort()).toEqual(Array.from({ length: 12 }, (_, i) => 100 + i));
});

test('a step gives the same ids whenever it is asked for', () => {
  const ids = Uint32Array.from({ length: 50 }, (_, id) => id);
  const forwards = makeOrder(ids, 8, 1);
  const inTurn = Array.from({ length: 60 }, (_, step) => [...forwards.at(step)]);
  fc.assert(
    fc.property(fc.array(fc.nat(59), { maxLength: 20 }), (steps) => {
      const order = makeOrder(ids, 8, 1);
      for (const step of steps) expect([...order.at(step)]).toEqual(inTurn[step]);
    }),
  );
});

test('a big batch belongs to whoever asked for it', () => {
  const order = makeOrder(
    Uint32Array.from({ length: 10 }, (_, id) => id),
    5,
    0,
  );
  const before = [...order.at(0)];
  order.at(0).fill(99);
  expect([...order.at(0)]).toEqual(before);
});

test('epochs and seeds have orders of their own', () => {
  const ids = Uint32Array.from({ length: 100 }, (_, id) => id);
  const order = makeOrder(ids, 100, 0);
  expect(order.at(0)).not.toEqual(order.at(1));
  expect(order.at(0)).not.toEqual(makeOrder(ids, 100, 1).at(0));
});

test.each([0, 2.5, Number.NaN, 101])('a big batch of %s out of 100 is refused', (bigBatch) => {
  expect(() => makeOrder(new Uint32Array(100), bigBatch, 0)).toThrow(
    `Cannot draw big batches of ${bigBatch} from 100 examples: pass --big-batch from 1 to 100`,
  );
});
