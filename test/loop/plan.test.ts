import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scoredWith, versionFor } from '../../src/loop/plan.ts';

test('candidates are scored with the weights of the steps before the one before, with a staleness of 1', () => {
  const plan = { staleness: 1, refresh: 1 };
  expect([0, 1, 2, 3].map((index) => versionFor(plan, index))).toEqual([0, 0, 1, 2]);
  expect([0, 1, 2].map((version) => scoredWith(plan, version))).toEqual([[0, 1], [2], [3]]);
});

test('weights that are refreshed every three steps score three steps at a time', () => {
  const plan = { staleness: 0, refresh: 3 };
  expect([0, 1, 2, 3, 4, 5, 6].map((index) => versionFor(plan, index))).toEqual([0, 0, 0, 3, 3, 3, 6]);
  expect([0, 1, 2, 3].map((version) => scoredWith(plan, version))).toEqual([[0, 1, 2], [], [], [3, 4, 5]]);
});

const plans = fc.record({ staleness: fc.integer({ min: 0, max: 9 }), refresh: fc.integer({ min: 1, max: 7 }) });

test('every step is scored once, with the weights that its version names, and never with weights to come', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const scored = new Map<number, number>();
      for (let version = 0; version < 40; version++) {
        for (const index of scoredWith(plan, version)) {
          expect(scored.has(index)).toBe(false);
          scored.set(index, version);
        }
        expect(scored.get(version)).toBe(versionFor(plan, version));
        expect(Math.max(...scored.keys()) - version).toBeLessThan(plan.staleness + plan.refresh);
      }
    }),
  );
});
