import { expect, test } from 'vitest';
import { newTarget, withEvents } from '../../../src/web/run/targetRun.ts';
import { evaluationEvent, stepEvent } from '../../loop/events.ts';

const start = {
  ...({ type: 'start', version: 1, strategy: 'loss', seed: 7, dataSeed: 0 } as const),
  ...{ data: 'd', test: 't', model: 'm' },
};

test('a folder is named after its strategy and seed', () => {
  expect(newTarget('/runs/a/rho')).toMatchObject({ strategy: 'rho', seed: 0 });
  expect(newTarget('/runs/a/uniform-seed-3')).toMatchObject({ strategy: 'uniform', seed: 3 });
});

test('the first event says better what is trained than the folder', () => {
  expect(withEvents(newTarget('/runs/a/rho'), [start])).toMatchObject({ strategy: 'loss', seed: 7 });
});

test('evaluations are gathered, and the last step is known', () => {
  const first = withEvents(newTarget('/rho'), [start, stepEvent(1), stepEvent(2), evaluationEvent(2, 0.5)]);
  const { evaluations, lastStep } = withEvents(first, [stepEvent(3), stepEvent(4), evaluationEvent(4, 0.6)]);
  expect(evaluations.map(({ step, accuracy }) => [step, accuracy])).toEqual([
    [2, 0.5],
    [4, 0.6],
  ]);
  expect(lastStep?.step).toBe(4);
  expect(first.evaluations).toHaveLength(1);
});

test('steps that are made again after a checkpoint take the place of what was known of them', () => {
  const before = withEvents(newTarget('/rho'), [start, evaluationEvent(2, 0.5), evaluationEvent(4, 0.6), stepEvent(5)]);
  const after = withEvents(before, [stepEvent(4), evaluationEvent(4, 0.7)]);
  expect(after.evaluations.map(({ accuracy }) => accuracy)).toEqual([0.5, 0.7]);
  expect(after.lastStep?.step).toBe(4);
  expect(withEvents(before, [start])).toMatchObject({ evaluations: [], lastStep: null });
});
