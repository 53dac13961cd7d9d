import { expect, test } from 'vitest';
import type { StrategyName } from '../../src/core/selection.ts';
import { usualTraining } from '../../src/jobs/defaults.ts';
import { scoringAdvice } from '../../src/jobs/scoringAdvice.ts';
import type { TrainingOptions } from '../../src/jobs/selectionRun.ts';

const usual: TrainingOptions = { ...usualTraining, steps: 1000, epochs: null, device: 'cpu', threads: 2 };

function advice(options: Partial<TrainingOptions>, strategies: readonly StrategyName[] = ['rho']): readonly string[] {
  return scoringAdvice({ ...usual, ...options }, strategies, 10_000);
}

const loses =
  'loses most of what selection gains, for steps that choose by the same weights choose the same kind of points: pass --shortlist 64 as well';

test('weights of earlier steps without a shortlist are advised against', () => {
  expect(advice({ staleness: 1 })).toEqual([`--staleness 1 without --shortlist ${loses}`]);
  expect(advice({ staleness: 2, refresh: 4 })).toEqual([`--staleness 2 --refresh 4 without --shortlist ${loses}`]);
  expect(advice({ staleness: 1, shortlist: 64 })).toEqual([]);
  expect(advice({ staleness: 1 }, ['uniform', 'il'])).toEqual([]);
});

test('reuse of losses in less than a pass says how many steps a pass has', () => {
  const sentence = (steps: number) =>
    `--reuse 160 reuses nothing in ${steps} steps: losses are known from the second pass over the data on, and a pass has 31 steps`;
  expect(advice({ reuse: 160, steps: 31 })).toEqual([sentence(31)]);
  expect(advice({ reuse: 160, steps: null, epochs: 0.5 })).toEqual([sentence(16)]);
  expect(advice({ reuse: 160, steps: 32 })).toEqual([]);
  expect(advice({ steps: 3 })).toEqual([]);
});

test('one thread for two sides is told of', () => {
  const options = { staleness: 1, shortlist: 64, threads: 1 };
  expect(advice(options)).toEqual([
    '--threads 1 is too few to score candidates while training goes on: each has a thread, 1 + 1 in all; pass --threads 2, or leave staleness away',
  ]);
  expect(advice({ ...options, staleness: 0, scoring: 'int8' })).toEqual([]);
  expect(advice({ ...options, scoreDevice: 'webgpu' })).toEqual([]);
});
