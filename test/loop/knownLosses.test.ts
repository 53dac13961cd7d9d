import { expect, test } from 'vitest';
import type { Scores } from '../../src/engine/engine.ts';
import { knownLosses, nothingKnown } from '../../src/loop/knownLosses.ts';

const byLoss = ({ loss }: Scores) => loss;
const scores = (loss: readonly number[]): Scores => ({
  loss: Float32Array.from(loss),
  predicted: Int32Array.from(loss, (_, i) => i),
});
const ids = Uint32Array.of(7, 2, 9, 4);

test('what was never scored is scored, however many there are', () => {
  const known = knownLosses({ count: 2, steps: 100 }, nothingKnown(10));
  expect([...known.toScore(0, ids, byLoss)].sort()).toEqual([0, 1, 2, 3]);
});

test('of what is known the best are scored, and the others keep their losses', () => {
  const known = knownLosses({ count: 2, steps: 100 }, nothingKnown(10));
  known.remember(0, ids, scores([0.5, 3, 1, 2]));
  const positions = known.toScore(5, ids, byLoss);
  expect([...positions]).toEqual([1, 3]);
  const complete = known.complete(ids, positions);
  const completed = complete({ ...scores([4, 0.1]), span: { began: 1, ended: 2 } });
  expect([...completed.loss]).toEqual([0.5, 4, 1, Math.fround(0.1)]);
  expect([...completed.fresh!]).toEqual([0, 1, 0, 1]);
  expect(completed.span).toEqual({ began: 1, ended: 2 });
  known.remember(5, ids, completed);
  expect([...known.state.step]).toEqual([0, 0, 5, 0, 5, 0, 0, 0, 0, 0]);
  expect(known.state.loss[4]).toBe(Math.fround(0.1));
});

test('a loss that is too old counts as not known', () => {
  const known = knownLosses({ count: 1, steps: 10 }, nothingKnown(10));
  known.remember(0, ids, scores([1, 2, 3, 4]));
  expect(known.toScore(10, ids, byLoss).length).toBe(1);
  expect(known.toScore(11, ids, byLoss).length).toBe(4);
});

test('a loss that is not a number is scored again, and one that can never be chosen is not', () => {
  const known = knownLosses({ count: 1, steps: 100 }, nothingKnown(10));
  known.remember(0, ids, scores([Number.NaN, 2, 3, 1]));
  // The irreducible loss of the third is not a number.
  const score = ({ loss }: Scores) => loss.map((value, position) => (position === 2 ? Number.NaN : value));
  expect([...known.toScore(1, ids, score)]).toEqual([0]);
});

test('what was scored ahead is what was known when it was asked for', () => {
  const known = knownLosses({ count: 1, steps: 100 }, nothingKnown(10));
  known.remember(0, ids, scores([1, 2, 3, 4]));
  const complete = known.complete(ids, Uint32Array.of(3));
  known.remember(1, ids, scores([9, 9, 9, 9]));
  expect([...complete(scores([5])).loss]).toEqual([1, 2, 3, 5]);
});
