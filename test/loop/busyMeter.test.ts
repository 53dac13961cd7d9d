import { expect, test } from 'vitest';
import { busyMeter } from '../../src/loop/busyMeter.ts';

const nothing = { train: 0, score: 0, irreducible: 0, trainer: 0, beside: 0, both: 0 };

test('seconds of each work and of both sides at once come together until they are taken', () => {
  const meter = busyMeter();
  meter.add('train', 'trainer', { began: 0, ended: 3000 });
  meter.add('score', 'beside', { began: 1000, ended: 5000 });
  expect(meter.take()).toEqual({ ...nothing, train: 3, score: 4, trainer: 3, beside: 4, both: 2 });
  meter.add('train', 'trainer', { began: 3000, ended: 6000 });
  expect(meter.take()).toEqual({ ...nothing, train: 3, trainer: 3, both: 2 });
  expect(meter.take()).toEqual(nothing);
});

test('two scorers at once count each, and meet the trainer once', () => {
  const meter = busyMeter();
  meter.add('score', 'beside', { began: 0, ended: 2000 });
  meter.add('irreducible', 'beside', { began: 1000, ended: 4000 });
  meter.add('train', 'trainer', { began: 500, ended: 3000 });
  expect(meter.take()).toEqual({ train: 2.5, score: 2, irreducible: 3, trainer: 2.5, beside: 4, both: 2.5 });
});

test('what the trainer itself scores is no work beside it', () => {
  const meter = busyMeter();
  meter.add('score', 'trainer', { began: 0, ended: 2000 });
  meter.add('train', 'trainer', { began: 1000, ended: 3000 });
  expect(meter.take()).toEqual({ ...nothing, train: 2, score: 2, trainer: 3 });
});

test('a side that tells of a hundred spans before the other tells of any misses none that it can still meet', () => {
  const meter = busyMeter();
  for (let i = 0; i < 100; i++) meter.add('train', 'trainer', { began: 10 * i, ended: 10 * i + 10 });
  meter.add('score', 'beside', { began: 900, ended: 1100 });
  expect(meter.take().both).toBeCloseTo(0.1, 12);
});

test('a span that is not known counts as nothing', () => {
  const meter = busyMeter();
  meter.add('train', 'trainer', undefined);
  expect(meter.take()).toEqual(nothing);
});
