import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Device } from '../../src/engine/engine.ts';
import { exactScoring } from '../../src/jobs/exactScoring.ts';
import type { CandidateScoringOptions } from '../../src/jobs/scoringForm.ts';
import {
  type SharedThreads as Options,
  onlineDevice,
  type ThreadBudget,
  threadBudget,
} from '../../src/jobs/threadBudget.ts';

const given: Options = { ...exactScoring, device: 'cpu', threads: 4 };

function sides(training: number, scoring: number | null, online: number | null): ThreadBudget {
  return { training, scoring, online };
}

describe('the threads of a run', () => {
  test.each<[string, Partial<Options>, boolean, ThreadBudget]>([
    ['are all the trainer’s where it scores itself', {}, false, sides(4, null, null)],
    ['also in 8 bits', { scoring: 'int8' }, false, sides(4, null, null)],
    ['are those of both where they take turns', { scoring: 'int8', engine: 'tfjs:wasm' }, false, sides(4, 4, null)],
    ['or as many as are asked for', { scoreDevice: 'cpu', scoreThreads: 1 }, false, sides(4, 1, null)],
    ['are split where scores are of the step before', { staleness: 1 }, false, sides(2, 2, null)],
    ['with the odd one to the trainer', { threads: 5, staleness: 1 }, false, sides(3, 2, null)],
    ['or as asked for', { refresh: 2, scoreThreads: 1 }, false, sides(3, 1, null)],
    ['are at least one for each', { threads: 1, staleness: 1 }, false, sides(1, 1, null)],
    ['are split where irreducible losses are scored online', {}, true, sides(2, null, 2)],
    ['or as asked for', { scoreThreads: 3 }, true, sides(1, null, 3)],
    ['are split in three where all three work at once', { staleness: 1 }, true, sides(2, 1, 1)],
    ['with what is left to the trainer', { threads: 8, staleness: 1 }, true, sides(4, 2, 2)],
    ['or as asked for', { threads: 8, staleness: 1, scoreThreads: 3 }, true, sides(2, 3, 3)],
    ['and are at least one for each', { threads: 2, staleness: 1 }, true, sides(1, 1, 1)],
    ['are split in two where two of three take turns', { scoreDevice: 'cpu' }, true, sides(2, 2, 2)],
    ['and those take what is left', { scoreDevice: 'cpu', scoreThreads: 3 }, true, sides(1, 1, 3)],
  ])('%s: %j, online: %s', (_, options, online, expected) => {
    expect(threadBudget({ ...given, ...options }, 'rho', online)).toEqual(expected);
  });

  test.each<[Partial<Options>, boolean, ThreadBudget]>([
    [{ device: 'cuda', staleness: 1 }, false, sides(4, 4, null)],
    [{ device: 'cuda', staleness: 1, scoreDevice: 'cpu' }, false, sides(4, 4, null)],
    [{ device: 'cpu', staleness: 1, scoreDevice: 'webgpu' }, false, sides(4, 4, null)],
    [{ device: 'cpu', scoreDevice: 'webgpu' }, true, sides(4, 4, 4)],
    [{ device: 'cuda', scoreDevice: 'cpu' }, true, sides(4, 2, 2)],
    [{ device: 'cuda', staleness: 1, scoreDevice: 'cpu' }, true, sides(4, 2, 2)],
    [{ device: 'webgpu', staleness: 1, scoreDevice: 'wasm' }, false, sides(4, 4, null)],
    // TensorFlow.js has its own device.
    [{ engine: 'tfjs:wasm', device: 'cuda', staleness: 1 }, false, sides(4, 4, null)],
    [{ engine: 'tfjs:tfjs-node-gpu', device: 'cpu', staleness: 1 }, false, sides(4, 4, null)],
  ])('are not taken by a side on a GPU: %j, online: %s', (options, online, expected) => {
    expect(threadBudget({ ...given, ...options }, 'rho', online)).toEqual(expected);
  });

  test.each<Partial<Options>>([{ staleness: 1 }, { scoreDevice: 'cpu' }, { scoreThreads: 1 }])(
    'are all the trainer’s with a strategy that needs no losses: %j',
    (options) => {
      expect(threadBudget({ ...given, ...options }, 'uniform', true)).toEqual(sides(4, null, null));
    },
  );

  test('are asked by no one beside the trainer for --score-threads alone, which older runs may have', () => {
    expect(threadBudget({ ...given, scoreThreads: 1 }, 'rho', false)).toEqual(sides(4, null, null));
    expect(threadBudget({ ...given, staleness: 1, scoreThreads: 4 }, 'rho', false)).toEqual(sides(1, 4, null));
  });

  test('are together no more than there are, or one for each', () => {
    const device = fc.constantFrom<Device>('cpu', 'wasm');
    const options: fc.Arbitrary<Options> = fc.record({
      ...{ threads: fc.integer({ min: 1, max: 64 }), device, scoreDevice: fc.option(device) },
      ...{ staleness: fc.integer({ min: 0, max: 2 }), refresh: fc.integer({ min: 1, max: 3 }) },
      ...{ scoring: fc.constantFrom('exact', 'int8'), reuse: fc.constant(null), reuseEpochs: fc.constant(4) },
      ...{ shortlist: fc.constant(null), scoreThreads: fc.constant(null) },
    });
    fc.assert(
      fc.property(options, fc.boolean(), (options, online) => {
        const budget = threadBudget(options, 'rho', online);
        const { training, scoring, online: irreducible } = budget;
        const overlaps = options.staleness > 0 || options.refresh > 1;
        const first = overlaps ? [training, scoring ?? 0] : [Math.max(training, scoring ?? 0)];
        const atOnce = [...first, irreducible ?? 0].filter((count) => count > 0);
        const sum = atOnce.reduce((a, b) => a + b);
        expect(Math.min(...atOnce)).toBeGreaterThanOrEqual(1);
        if (options.threads >= atOnce.length) expect(sum).toBe(options.threads);
        else expect(sum).toBe(atOnce.length);
      }),
    );
  });
});

test.each<[Partial<CandidateScoringOptions>, Device, number]>([
  [{}, 'cpu', 2],
  [{ staleness: 1 }, 'cpu', 1],
  [{ staleness: 1, scoreDevice: 'webgpu' }, 'webgpu', 4],
])('irreducible losses online with %j are scored on %s with %i threads', (options, device, threads) => {
  expect(onlineDevice({ ...given, ...options })).toEqual({ device, threads });
});
