import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import type { Device } from '../../src/engine/engine.ts';
import { exactScoring } from '../../src/jobs/exactScoring.ts';
import type { CandidateScoringOptions } from '../../src/jobs/scoringForm.ts';
import {
  irreducibleShare,
  type OnlineDevice,
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
  test.each<[string, Partial<Options>, number | null, ThreadBudget]>([
    ['are all the trainer’s where it scores itself', {}, null, sides(4, null, null)],
    ['also in 8 bits', { scoring: 'int8' }, null, sides(4, null, null)],
    ['are those of both where they take turns', { scoring: 'int8', engine: 'tfjs:wasm' }, null, sides(4, 4, null)],
    ['or as many as are asked for', { scoreDevice: 'cpu', scoreThreads: 1 }, null, sides(4, 1, null)],
    ['are split where scores are of the step before', { staleness: 1 }, null, sides(2, 2, null)],
    ['with the odd one to the trainer', { threads: 5, staleness: 1 }, null, sides(3, 2, null)],
    ['or as asked for', { refresh: 2, scoreThreads: 1 }, null, sides(3, 1, null)],
    ['are at least one for each', { threads: 1, staleness: 1 }, null, sides(1, 1, null)],
    ['are split where irreducible losses are scored online', {}, 0.5, sides(2, null, 2)],
    ['or as asked for', { scoreThreads: 3 }, 0.5, sides(1, null, 3)],
    ['are split in three where all three work at once', { staleness: 1 }, 0.3, sides(2, 1, 1)],
    ['with what is left to the trainer', { threads: 8, staleness: 1 }, 0.3, sides(3, 3, 2)],
    ['or as asked for', { threads: 8, staleness: 1, scoreThreads: 3 }, 0.5, sides(2, 3, 3)],
    ['and are at least one for each', { threads: 2, staleness: 1 }, 0.5, sides(1, 1, 1)],
    ['are split in two where two of three take turns', { scoreDevice: 'cpu' }, 0.5, sides(2, 2, 2)],
    ['go by the work of irreducible losses', { threads: 16 }, 0.7, sides(5, null, 11)],
    ['with one left to each other side', { threads: 3, staleness: 1 }, 0.9, sides(1, 1, 1)],
    ['are all the trainer’s beside work of less than half a thread', {}, 0.12, sides(4, null, 1)],
    ['as of a small IL model on two cores', { threads: 2 }, 0.24, sides(2, null, 1)],
    ['unlike that of a large one', { threads: 2 }, 0.26, sides(1, null, 1)],
    ['unless it is given some', { scoreThreads: 1 }, 0.01, sides(3, null, 1)],
    ['or those of training and scoring beside it', { staleness: 1 }, 0.01, sides(2, 2, 1)],
    ['and those take what is left', { scoreDevice: 'cpu', scoreThreads: 3 }, 0.5, sides(1, 1, 3)],
  ])('%s: %j, irreducible losses online: %s of the work', (_, options, share, expected) => {
    expect(threadBudget({ ...given, ...options }, 'rho', share)).toEqual(expected);
  });

  test.each<[Partial<Options>, number | null, ThreadBudget]>([
    [{ device: 'cuda', staleness: 1 }, null, sides(4, 4, null)],
    [{ device: 'cuda', staleness: 1, scoreDevice: 'cpu' }, null, sides(4, 4, null)],
    [{ device: 'cpu', staleness: 1, scoreDevice: 'webgpu' }, null, sides(4, 4, null)],
    [{ device: 'cpu', scoreDevice: 'webgpu' }, 0.5, sides(4, 4, 4)],
    [{ device: 'cuda', scoreDevice: 'cpu' }, 0.5, sides(4, 2, 2)],
    [{ device: 'cuda', staleness: 1, scoreDevice: 'cpu' }, 0.5, sides(4, 2, 2)],
    [{ device: 'webgpu', staleness: 1, scoreDevice: 'wasm' }, null, sides(4, 4, null)],
    // TensorFlow.js has its own device.
    [{ engine: 'tfjs:wasm', device: 'cuda', staleness: 1 }, null, sides(4, 4, null)],
    [{ engine: 'tfjs:tfjs-node-gpu', device: 'cpu', staleness: 1 }, null, sides(4, 4, null)],
  ])('are not taken by a side on a GPU: %j, irreducible losses online: %s of the work', (options, share, expected) => {
    expect(threadBudget({ ...given, ...options }, 'rho', share)).toEqual(expected);
  });

  test.each<Partial<Options>>([{ staleness: 1 }, { scoreDevice: 'cpu' }, { scoreThreads: 1 }])(
    'are all the trainer’s with a strategy that needs no losses: %j',
    (options) => {
      expect(threadBudget({ ...given, ...options }, 'uniform', 0.5)).toEqual(sides(4, null, null));
    },
  );

  test('are asked by no one beside the trainer for --score-threads alone, which older runs may have', () => {
    expect(threadBudget({ ...given, scoreThreads: 1 }, 'rho', null)).toEqual(sides(4, null, null));
    expect(threadBudget({ ...given, staleness: 1, scoreThreads: 4 }, 'rho', null)).toEqual(sides(1, 4, null));
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
      fc.property(options, fc.option(fc.double({ min: 0, max: 1, noNaN: true })), (options, share) => {
        const { training, scoring, online } = threadBudget(options, 'rho', share);
        const overlaps = options.staleness > 0 || options.refresh > 1;
        const first = overlaps ? [training, scoring ?? 0] : [Math.max(training, scoring ?? 0)];
        const { isExtra } = onlineDevice(options, share ?? 0);
        const atOnce = [...first, share === null || isExtra ? 0 : online!].filter((count) => count > 0);
        const sum = atOnce.reduce((a, b) => a + b);
        expect(Math.min(...atOnce, online ?? 1)).toBe(Math.max(1, Math.min(...atOnce, online ?? 1)));
        if (isExtra && share !== null) expect(online).toBe(1);
        if (options.threads >= atOnce.length) expect(sum).toBe(options.threads);
        else expect(sum).toBe(atOnce.length);
      }),
    );
  });
});

test.each<[Partial<CandidateScoringOptions>, number, OnlineDevice]>([
  [{}, 0.5, { device: 'cpu', threads: 2, isExtra: false }],
  [{}, 0.1, { device: 'cpu', threads: 1, isExtra: true }],
  [{ staleness: 1 }, 0.3, { device: 'cpu', threads: 1, isExtra: false }],
  [{ staleness: 1, scoreDevice: 'webgpu' }, 0.1, { device: 'webgpu', threads: 4, isExtra: false }],
])('irreducible losses online with %j, %d of the work, are scored on %j', (options, share, expected) => {
  expect(onlineDevice({ ...given, ...options }, share)).toEqual(expected);
});

describe('the part of a step that irreducible losses are', () => {
  const model = (spec: string) =>
    buildArchitecture(spec, { inputDims: [784], classes: 10, preprocessing: { kind: 'none' }, seed: 0 });
  const step = { bigBatch: 320, smallBatch: 32, reuse: null, shortlist: null };

  test('counts a training step for three forwards', () => {
    expect(irreducibleShare(model('mlp:100'), model('mlp:100'), step)).toBeCloseTo(320 / (320 + 320 + 96), 12);
    // 784 · 64 + 64 · 10 products against 784 · 512 + 512 · 512 + 512 · 10.
    const [il, target] = [50816, 668672];
    expect(irreducibleShare(model('mlp:64'), model('mlp:512,512'), step)).toBeCloseTo(
      (320 * il) / (320 * il + 416 * target),
      12,
    );
  });

  test('grows where fewer candidates are scored with the target', () => {
    const options = { ...step, reuse: 160, shortlist: 64 };
    expect(irreducibleShare(model('mlp:100'), model('mlp:100'), options)).toBeCloseTo(320 / (320 + 160 + 64 + 96), 12);
  });
});
