import { expect, test } from 'vitest';
import type { TrainEvent } from '../../src/loop/events.ts';
import { summarize } from '../../src/loop/summarize.ts';
import { evaluationEvent, stepEvent } from './events.ts';

/** Evaluations at the steps 20, 40 and so on. */
function evaluations(...accuracies: number[]): TrainEvent[] {
  return accuracies.map((accuracy, index) => evaluationEvent(20 * (index + 1), accuracy));
}

test('a target is reached at the first evaluation at or above it', () => {
  const { stepsToTarget, secondsToTarget, epochsToTarget } = summarize(
    [evaluations(0.5, 0.8, 0.79, 0.95), evaluations(0.9, 0.91, 0.92, 0.93)],
    ['0.8', '0.90'],
  );
  // Keys as typed.
  expect(stepsToTarget).toEqual({
    '0.8': { mean: 30, perSeed: [40, 20] },
    '0.90': { mean: 50, perSeed: [80, 20] },
  });
  expect(secondsToTarget['0.90']).toEqual({ mean: 5, perSeed: [8, 2] });
  expect(epochsToTarget['0.90']).toEqual({ mean: 12.5, perSeed: [20, 5] });
});

test('a target that a seed never reached is null, and so is its mean', () => {
  const { stepsToTarget } = summarize([evaluations(0.5, 0.8), evaluations(0.5, 0.6), evaluations()], ['0.5', '0.8']);
  expect(stepsToTarget).toEqual({
    '0.5': { mean: null, perSeed: [20, 20, null] },
    '0.8': { mean: null, perSeed: [40, null, null] },
  });
});

test('the final accuracy is the last one, with the mean of the last five beside it', () => {
  const { finalAccuracy } = summarize([evaluations(0.1, 0.5, 0.6, 0.7, 0.8, 0.9), evaluations(0.25, 0.75)], []);
  expect(finalAccuracy.perSeed).toEqual([0.9, 0.75]);
  expect(finalAccuracy.mean).toBeCloseTo(0.825, 12);
  // (0.5 + … + 0.9) / 5 = 0.7 and (0.25 + 0.75) / 2 = 0.5.
  expect(finalAccuracy.lastFiveMean).toBeCloseTo(0.6, 12);
});

test('seconds are those of the last step, not of an evaluation', () => {
  const { seconds } = summarize([[stepEvent(1), stepEvent(2, { seconds: 7 }), evaluationEvent(2, 0.5)]], []);
  expect(seconds).toEqual({ mean: 7, perSeed: [7] });
});

test('shares count every point trained on, also those of steps without a corrupted one', () => {
  const steps = [
    stepEvent(1, { corrupted: 0, learnt: 2 }),
    stepEvent(2, { corrupted: 0 }),
    stepEvent(3, { corrupted: 1, learnt: 1 }),
    stepEvent(4, { corrupted: 0 }),
  ];
  const { corruptedShare, learntShare } = summarize([steps], []);
  expect(corruptedShare).toEqual({ overall: 1 / 8, byWindow: { '1-50': 1 / 8 } });
  expect(learntShare).toEqual({ overall: 3 / 8, byWindow: { '1-50': 3 / 8 } });
});

test('windows hold the steps they name, and none stands behind the end of training', () => {
  const run = (length: number) =>
    // One of two points is corrupted in the first step of each window and in the last step before.
    Array.from({ length }, (_, index) =>
      stepEvent(index + 1, { corrupted: [1, 50, 51, 100, 101, 400, 401].includes(index + 1) ? 1 : 0 }),
    );
  expect(summarize([run(50)], []).corruptedShare.byWindow).toEqual({ '1-50': 2 / 100 });
  expect(summarize([run(51)], []).corruptedShare.byWindow).toEqual({ '1-50': 2 / 100, '51-100': 1 / 2 });
  const { overall, byWindow } = summarize([run(1001)], []).corruptedShare;
  expect(overall).toBe(7 / 2002);
  expect(byWindow).toEqual({
    '1-50': 2 / 100,
    '51-100': 2 / 100,
    '101-400': 2 / 600,
    '401-1000': 1 / 1200,
    '1001-': 0,
  });
});

test('a share over seeds is the mean of their shares', () => {
  const { learntShare } = summarize([[stepEvent(1, { learnt: 2 })], [stepEvent(1, { learnt: 1 })]], []);
  expect(learntShare).toEqual({ overall: 0.75, byWindow: { '1-50': 0.75 } });
});

test('where true labels are not known no share is corrupted', () => {
  const steps = [stepEvent(1, { corrupted: null }), stepEvent(2, { corrupted: null, learnt: 1 })];
  const { corruptedShare, learntShare } = summarize([steps], []);
  expect(corruptedShare).toEqual({ overall: null, byWindow: { '1-50': null } });
  expect(learntShare.overall).toBe(1 / 4);
});

test('nothing is known of runs without steps', () => {
  const { finalAccuracy, seconds, corruptedShare } = summarize([[]], []);
  expect(finalAccuracy).toEqual({ mean: null, perSeed: [null], lastFiveMean: null });
  expect(seconds.mean).toBeNull();
  expect(corruptedShare).toEqual({ overall: null, byWindow: {} });
});
