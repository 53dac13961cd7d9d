import { describe, expect, test } from 'vitest';
import type { StrategyName } from '../../src/core/selection.ts';
import { type CheckedScoring, checkScoring } from '../../src/jobs/checkScoring.ts';
import { exactScoring } from '../../src/jobs/exactScoring.ts';

const asked: CheckedScoring = {
  ...exactScoring,
  ...{ bigBatch: 320, smallBatch: 32, batchNorm: 'steps', engine: 'onnx', scoreEngine: 'onnx' },
  ...{ device: 'cpu', threads: 2 },
};

function expectRefused(
  options: Partial<CheckedScoring>,
  message: string,
  strategies: readonly StrategyName[] = ['rho'],
  online = false,
): void {
  expect(() => checkScoring({ ...asked, ...options }, strategies, online)).toThrow(
    expect.objectContaining({ kind: 'usage', message }),
  );
}

describe('what does not go together is said in one sentence', () => {
  test.each<[Partial<CheckedScoring>, string]>([
    [
      { reuse: 31 },
      'Cannot score 31 of 320 candidates to choose 32: pass --reuse from 32 to 319, or leave it away to score all',
    ],
    [
      { reuse: 320 },
      'Cannot score 320 of 320 candidates to choose 32: pass --reuse from 32 to 319, or leave it away to score all',
    ],
    ...[31, 32, 320, 321].map((shortlist): [Partial<CheckedScoring>, string] => [
      { shortlist, staleness: 1 },
      `Cannot choose 32 of 320 candidates by a shortlist of ${shortlist}: it has to be larger than the small batch and smaller than the big one; pass --shortlist 64, or leave it away`,
    ]),
    [
      { shortlist: 32, scoring: 'int8', bigBatch: 33 },
      'Cannot choose 32 of 33 candidates by a shortlist of 32: it has to be larger than the small batch and smaller than the big one; leave it away',
    ],
    ...([{}, { scoreDevice: 'cpu' }, { scoreDevice: 'webgpu' }] as const).map(
      (current): [Partial<CheckedScoring>, string] => [
        { ...current, shortlist: 64 },
        'Cannot use --shortlist where all candidates are scored exactly: pass --staleness or --scoring as well, or leave it away',
      ],
    ),
    ...(
      [
        [{ staleness: 1 }, '--staleness 1'],
        [{ refresh: 2, shortlist: 64 }, '--refresh 2'],
        [{ scoreDevice: 'cpu' }, '--score-device cpu'],
        [{ scoring: 'int8', staleness: 1 }, '--staleness 1 --scoring int8'],
        [{ scoring: 'int8', engine: 'tfjs:wasm' }, '--scoring int8'],
      ] as const
    ).map(([beside, flags]): [Partial<CheckedScoring>, string] => [
      { ...beside, batchNorm: 'candidates' },
      `Cannot take running averages from candidates that are scored beside the trainer: pass --batch-norm steps, or leave ${flags} away`,
    ]),
    ...(
      [
        [{ scoring: 'int8' }, '--scoring int8'],
        [{ reuse: 160 }, '--reuse 160'],
        [{ reuse: 160, scoring: 'int8' }, '--scoring int8 --reuse 160'],
      ] as const
    ).map(([partly, flags]): [Partial<CheckedScoring>, string] => [
      { ...partly, batchNorm: 'candidates' },
      `Cannot take running averages from candidates that are not all scored in full: pass --batch-norm steps, or leave ${flags} away`,
    ]),
    [
      { staleness: 1, scoreEngine: 'same', engine: 'tfjs:wasm' },
      'Cannot score with --score-engine same beside the trainer: ONNX Runtime does that, leave --score-engine away',
    ],
    [
      { reuseEpochs: 2 },
      'Cannot use --reuse-epochs 2 without --reuse: it says after how many passes a loss is not reused; pass --reuse as well, or leave it away',
    ],
    ...(
      [
        { device: 'webgpu' },
        { device: 'webgpu', staleness: 1 },
        { device: 'cuda', scoreDevice: 'webgpu' },
        { scoreDevice: 'webgpu' },
      ] as const
    ).map((off): [Partial<CheckedScoring>, string] => [
      { ...off, scoring: 'int8' },
      `Cannot score candidates in int8 on the device "webgpu": products in 8 bits run on the CPU; pass --score-device cpu, or --scoring exact`,
    ]),
  ])('%j', (options, message) => {
    expectRefused(options, message);
  });

  test('of losses reused for gradient norms too', () => {
    expectRefused(
      { reuse: 160 },
      'Cannot use --reuse with --strategy gradnorm: losses are kept from pass to pass, gradient norms are not; leave one of them away',
      ['rho', 'gradnorm'],
    );
  });

  test.each<Partial<CheckedScoring>>([
    {},
    { batchNorm: 'candidates' },
    { scoreEngine: 'same' },
    { staleness: 3, refresh: 2, shortlist: 33 },
    { staleness: 1, shortlist: 319 },
    { reuse: 319 },
    { refresh: 2, shortlist: 64 },
    { scoring: 'int8', shortlist: 64 },
    { scoring: 'int8', device: 'webgpu', scoreDevice: 'cpu' },
    { reuse: 160, reuseEpochs: 2, shortlist: 64 },
  ])('and %j is not refused', (options) => {
    expect(() => checkScoring({ ...asked, ...options }, ['rho'], false)).not.toThrow();
  });
});

describe('--score-threads', () => {
  test.each<[Partial<CheckedScoring>, boolean, string]>([
    // What takes turns may have all.
    [
      { scoreDevice: 'cpu', scoreThreads: 3 },
      false,
      'Cannot score with 3 of 2 threads: pass --score-threads up to 2, or more --threads',
    ],
    [
      { staleness: 1, threads: 4, scoreThreads: 4 },
      false,
      'Cannot score with 4 of 4 threads and train at the same time: pass --score-threads up to 3, or more --threads',
    ],
    [
      { threads: 4, scoreThreads: 4 },
      true,
      'Cannot score with 4 of 4 threads and train at the same time: pass --score-threads up to 3, or more --threads',
    ],
    // Candidates and irreducible losses, each by so many.
    [
      { staleness: 1, threads: 4, scoreThreads: 2 },
      true,
      'Cannot score with 2 times 2 of 4 threads and train at the same time: pass --score-threads up to 1, or more --threads',
    ],
    [
      { refresh: 2, threads: 1, scoreThreads: 1 },
      false,
      'Cannot score with 1 of 1 threads and train at the same time: pass --threads from 2 up, or leave --score-threads away',
    ],
    [
      { staleness: 1, threads: 4, scoreThreads: 3, device: 'cuda', scoreDevice: 'cpu' },
      true,
      'Cannot score with 2 times 3 of 4 threads: pass --score-threads up to 2, or more --threads',
    ],
  ])('that leave too few for the rest are refused: %j, online: %s', (options, online, message) => {
    expectRefused(options, message, ['uniform', 'rho'], online);
  });

  test.each<[Partial<CheckedScoring>, boolean]>([
    [{ scoreThreads: 1 }, false],
    [{ scoreThreads: 3 }, false],
    [{ scoreThreads: 1, scoring: 'int8' }, false],
    [{ scoreThreads: 1, reuse: 160 }, false],
  ])('are refused where nothing scores beside the trainer: %j', (options, online) => {
    expectRefused(
      options,
      `Cannot use --score-threads ${options.scoreThreads} where nothing scores beside the trainer: pass --staleness, --score-device or an IL model with --irreducible FILE.onnx as well, or leave it away`,
      ['rho', 'uniform'],
      online,
    );
  });

  test.each<[Partial<CheckedScoring>, boolean, readonly StrategyName[]]>([
    [{ staleness: 1 }, false, ['rho']],
    [{ refresh: 2 }, false, ['loss']],
    [{ scoreDevice: 'cpu', scoreThreads: 2 }, false, ['rho']],
    [{ scoring: 'int8', engine: 'tfjs:wasm' }, false, ['rho']],
    [{}, true, ['rho']],
    [{}, true, ['uniform', 'il']],
    [{ threads: 3, staleness: 1 }, true, ['rho']],
    [{ device: 'cuda', scoreDevice: 'cpu', staleness: 1, scoreThreads: 2 }, false, ['rho']],
    [{ device: 'cuda', staleness: 1, scoreThreads: 2 }, false, ['rho']],
  ])('and those of %j, online: %s, for %j are not refused', (options, online, strategies) => {
    expect(() => checkScoring({ ...asked, scoreThreads: 1, ...options }, strategies, online)).not.toThrow();
  });
});

describe('what no strategy of a command makes use of', () => {
  const options: readonly [Partial<CheckedScoring>, string][] = [
    [{ staleness: 1 }, '--staleness 1'],
    [{ refresh: 2 }, '--refresh 2'],
    [{ scoring: 'int8' }, '--scoring int8'],
    [{ reuse: 160 }, '--reuse 160'],
    [{ reuse: 160, reuseEpochs: 1 }, '--reuse 160 --reuse-epochs 1'],
    [{ staleness: 1, shortlist: 64 }, '--staleness 1 --shortlist 64'],
    [{ scoreThreads: 1 }, '--score-threads 1'],
    [{ scoreDevice: 'webgpu' }, '--score-device webgpu'],
  ];
  const why =
    'it decides how training losses of candidates are had, and only rho, loss, gradnorm choose by those; leave it away';

  test.each(options)('is refused: %j', (option, flags) => {
    expectRefused(option, `Cannot use ${flags} with --strategy uniform: ${why}`, ['uniform']);
    expectRefused(option, `Cannot use ${flags} with --strategy uniform,il: ${why}`, ['uniform', 'il']);
    // Uniform has no irreducible losses to score.
    expectRefused(option, `Cannot use ${flags} with --strategy uniform: ${why}`, ['uniform'], true);
  });

  test.each<Partial<CheckedScoring>>([{ scoreThreads: 1 }, { scoreDevice: 'webgpu' }])(
    'does not count %j where irreducible losses are scored online',
    (option) => {
      expect(() => checkScoring({ ...asked, ...option }, ['il'], true)).not.toThrow();
    },
  );

  test('says nothing of defaults, nor of what one strategy of several uses', () => {
    for (const strategy of ['uniform', 'il'] as const)
      for (const online of [false, true]) expect(() => checkScoring(asked, [strategy], online)).not.toThrow();
    for (const [option] of options.filter(([{ scoreThreads }]) => scoreThreads === undefined))
      for (const uses of ['rho', 'loss'] as const)
        expect(() => checkScoring({ ...asked, ...option }, ['uniform', 'il', uses], false)).not.toThrow();
  });
});
