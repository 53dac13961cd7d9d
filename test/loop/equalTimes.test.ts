import { expect, test } from 'vitest';
import { equalTimes } from '../../src/loop/equalTimes.ts';
import { summarize } from '../../src/loop/summarize.ts';
import { evaluationEvent } from './events.ts';

/** Evaluations after so many seconds of training, of rising accuracy. */
const run = (...seconds: number[]) =>
  seconds.map((at, index) => evaluationEvent(20 * (index + 1), (index + 1) / 10, { seconds: at }));

test('equal times are the quarters of the shortest run, cut to two digits', () => {
  expect(equalTimes([[run(1, 2, 3.99)], [run(0.5, 8), run(0.6, 9)]])).toEqual(['1.9', '2.9', '3.9']);
  expect(equalTimes([[run(0.01, 0.0828)], [run(0.01, 1)]])).toEqual(['0.02', '0.041', '0.062', '0.082']);
  expect(equalTimes([[run(1, 1237)], [run(1, 2000)]])).toEqual(['300', '610', '920', '1200']);
});

test('there are none before all were evaluated, and none of one strategy', () => {
  expect(equalTimes([[run(0.1, 1)], [run(0.6, 4)]])).toEqual(['0.75', '1']);
  expect(equalTimes([[run(0.1, 0.5)], [run(0.6, 4)]])).toEqual([]);
  expect(equalTimes([[run(1, 2)]])).toEqual([]);
  expect(equalTimes([[run(1, 2)], [[]]])).toEqual([]);
});

test('accuracy after some seconds is that of the last evaluation by then, of each seed', () => {
  const { accuracyAfter } = summarize([run(1, 2, 4), run(1, 3, 5)], [], ['2', '4.5']);
  expect(accuracyAfter!['2']).toEqual({ mean: expect.closeTo(0.15, 12), perSeed: [0.2, 0.1] });
  expect(accuracyAfter!['4.5']!.perSeed).toEqual([0.3, 0.2]);
});
