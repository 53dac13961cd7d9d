import { expect, test } from 'vitest';
import { busyMeter } from '../../src/loop/busyMeter.ts';

test('seconds of each side and of both at once come together until they are taken', () => {
  const meter = busyMeter();
  meter.add('train', { began: 0, ended: 3000 });
  meter.add('score', { began: 1000, ended: 5000 });
  expect(meter.take()).toEqual({ train: 3, score: 4, both: 2 });
  meter.add('train', { began: 3000, ended: 6000 });
  expect(meter.take()).toEqual({ train: 3, score: 0, both: 2 });
  expect(meter.take()).toEqual({ train: 0, score: 0, both: 0 });
});

test('two threads of one side at once count once', () => {
  const meter = busyMeter();
  meter.add('score', { began: 0, ended: 2000 });
  meter.add('score', { began: 1000, ended: 4000 });
  meter.add('train', { began: 500, ended: 3000 });
  expect(meter.take()).toEqual({ train: 2.5, score: 4, both: 2.5 });
});

test('a span that is not known counts as nothing', () => {
  const meter = busyMeter();
  meter.add('train', undefined);
  expect(meter.take()).toEqual({ train: 0, score: 0, both: 0 });
});
