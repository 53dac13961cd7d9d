import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CheckedScoring, checkScoring, exactScoring, threadBudget } from '../../src/jobs/scoringForm.ts';
import {
  type Ended,
  eventLines,
  expectRefusal,
  filesIn,
  interrupt,
  readEventsOf,
  resultOf,
  rho,
  rhoJson,
  selectedIds,
  sharedFolder,
  startRho,
  writeDigits,
} from './rho.ts';

const folder = await sharedFolder();
const data = ['--data', `idx:${folder.at('digits')}`, '--noise', 'flip:0.2', '--holdout', '500:700'];
const target = ['--model', 'mlp:32', '--big-batch', '128', '--small-batch', '16', '--threads', '2'];
const store = folder.at('store');
const ilModel = folder.at('il/il.onnx');
const steps = 60;
const long = ['--steps', `${steps}`, '--eval-every', '20'];
const fromStore = ['train', ...data, ...target, '--irreducible', store];
const stale = [...fromStore, ...long, '--staleness', '1', '--shortlist', '64'];
/** The run that nothing interrupted. */
const whole = folder.at('whole');

async function succeed(...words: readonly string[]): Promise<void> {
  const { code, stderr } = await rho(...words);
  expect(code, stderr).toBe(0);
}

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 1200, test: 100 });
  await succeed('il', ...data, '--il-model', 'mlp:16', '--il-epochs', '1', '--threads', '1', '--out', folder.at('il'));
  await succeed('score', ...data, '--model', ilModel, '--out', store);
  await Promise.all([succeed(...stale, '--out', whole), succeed(...fromStore, ...long, '--out', folder.at('exact'))]);
});

/** Runs whose scorer or trainer answers no more. They are given ten seconds, during which the other tests go on. */
const silent = folder.at('silent');
const silentTrainer = folder.at('silent-trainer');
let silence: Promise<Ended>;
let trainerSilence: Promise<Ended>;
beforeAll(() => {
  silence = withFault('is silent', 9, [...stale, '--out', silent]);
  trainerSilence = withFault('is silent', 9, [...fromStore, ...long, '--out', silentTrainer], 'openTrainer');
});

const checkpointsIn = (out: string) => readdirSync(join(out, 'checkpoints')).sort();

describe('a run with stale weights and a shortlist', () => {
  test('records how it scored, both sides of each step, and how well its scores agree with exact ones', async () => {
    const events = await readEventsOf(whole);
    expect(events[0]).toMatchObject({
      ...{ type: 'start', threads: 1, scoreThreads: 1, bigBatch: 128, smallBatch: 16 },
      scoring: { form: 'exact', staleness: 1, refresh: 1 },
    });
    const busy = events.flatMap((event) => (event.type === 'step' ? [event.busy!] : []));
    const [train, score, both] = (['train', 'score', 'both'] as const).map((name) =>
      busy.reduce((sum, of) => sum + of[name], 0),
    );
    expect(busy.length).toBe(steps);
    expect(both).toBeGreaterThan(0);
    expect(Math.min(train!, score!)).toBeGreaterThanOrEqual(both!);
    const agreements = events.flatMap((event) => (event.type === 'evaluation' ? [event.agreement] : []));
    expect(agreements).toEqual([expect.objectContaining({ candidates: 128 }), expect.anything(), undefined]);
    for (const { spearman, topTenthOverlap } of agreements.slice(0, 2) as {
      spearman: number;
      topTenthOverlap: number;
    }[]) {
      expect(spearman).toBeGreaterThan(0.8);
      expect(topTenthOverlap).toBeGreaterThan(0.8);
    }
  });

  test('ends on Ctrl-C with a whole checkpoint, from which it goes on as if nothing had happened', async () => {
    const out = folder.at('interrupted');
    const { code, stdout, stderr } = await interrupt([...stale, '--out', out], 'SIGINT', () => eventLines(out) > 10);
    expect([code, stdout]).toEqual([130, '']);
    const [, step] = /\nrho: Interrupted after step (\d+) of 60: /.exec(stderr) ?? [];
    // The first is there before any step: a scorer that fails takes with it what later ones would be gone on from.
    expect(checkpointsIn(out)).toEqual([0, Number(step)].map((at) => `step-${`${at}`.padStart(9, '0')}.safetensors`));
    expect((await selectedIds(out)).length).toBe(Number(step));
    await succeed('train', '--resume', out);
    expect(await resultOf(out)).toEqual(await resultOf(whole));
  });

  test('is gone on with after it was killed at any moment, too', async () => {
    const out = folder.at('killed');
    // With a checkpoint every few steps.
    const moments = [Math.floor(Math.random() * 20), 25 + Math.floor(Math.random() * 20)];
    let words: readonly string[] = [...stale, '--checkpoint-every', '0.02', '--out', out];
    for (const moment of moments) {
      const isBegun = () => existsSync(join(out, 'config.json')) && eventLines(out) >= moment;
      const { signal, stderr } = await interrupt(words, 'SIGKILL', isBegun);
      expect(signal, stderr).toBe('SIGKILL');
      words = ['train', '--resume', out];
    }
    await succeed(...words);
    expect(await resultOf(out), `killed after ${moments} events`).toEqual(await resultOf(whole));
  });
});

type Fault = 'exits' | 'throws' | 'is silent';

const faults: Readonly<Record<Fault, string>> = {
  exits: 'process.exit(7)',
  throws: "throw new Error('no more memory')",
  'is silent': 'return',
};

/** Runs `rho` with a scorer beside the trainer, or a trainer, whose thread fails at its nth batch, 0: its model. */
async function withFault(
  fault: Fault,
  nth: number,
  words: readonly string[],
  opening: 'openRefreshed' | 'openTrainer' = 'openRefreshed',
): Promise<Ended> {
  const path = folder.at(`${fault}-${nth}-${opening}.mjs`.replace(' ', '-'));
  await writeFile(
    path,
    `import { parentPort } from 'node:worker_threads';
    if (parentPort !== null) {
      const on = parentPort.on.bind(parentPort);
      let opened, batches = 0;
      parentPort.on = (name, listener) => on(name, (message) => {
        opened ??= message.method;
        if (message.method === 'setWeights') return listener(message);
        if (opened === '${opening}' && batches++ >= ${nth}) ${faults[fault]};
        listener(message);
      });
    }`,
  );
  const preload = `--import ${pathToFileURL(path).href}`;
  return startRho(words, { env: { ...process.env, NODE_OPTIONS: preload } }).ended;
}

async function expectGoesOn({ code, stdout, stderr }: Ended, reason: string, out: string, end: string): Promise<void> {
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(reason);
  await succeed('train', '--resume', out);
  expect(await resultOf(out)).toEqual(await resultOf(end));
}

describe('a scorer beside the trainer that fails ends the run with exit code 1, and it can be gone on with', () => {
  test('from its last checkpoint where the weights that it was given are gone', async () => {
    const out = folder.at('exited');
    const ended = await withFault('exits', 9, [...stale, '--out', out]);
    expect(checkpointsIn(out)).toEqual(['step-000000000.safetensors']);
    const reason = `\nrho: Training stopped: The scorer thread ended: exit code 7; go on with "rho train --resume ${out}"\n`;
    await expectGoesOn(ended, reason, out, whole);
  });

  test('by the same command where it never began', async () => {
    const out = folder.at('never');
    const { code, stderr } = await withFault('exits', 0, [...stale, '--out', out]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nrho: Training stopped: The scorer thread ended: exit code 7; run the command again\n$/);
    expect(existsSync(out)).toBe(false);
  });

  test('from where it ended where the weights are there', async () => {
    const out = folder.at('threw');
    const words = [...fromStore, ...long, '--score-threads', '1'];
    await succeed(...words, '--out', folder.at('beside'));
    expect(await selectedIds(folder.at('beside'))).toEqual(await selectedIds(folder.at('exact')));
    const ended = await withFault('throws', 9, [...words, '--out', out]);
    expect(checkpointsIn(out)).toEqual([0, 8].map((at) => `step-00000000${at}.safetensors`));
    await expectGoesOn(ended, 'no more memory', out, folder.at('beside'));
  });
});

/** A run folder as it would be of before there was a choice of how to score. */
async function makeOld(out: string): Promise<void> {
  const path = join(out, 'config.json');
  const config = JSON.parse(await readFile(path, 'utf8'));
  for (const name of Object.keys(exactScoring)) {
    expect(config.options).toHaveProperty(name);
    delete config.options[name];
  }
  await writeFile(path, JSON.stringify(config));
}

test('a run begun before there was a choice of how to score is gone on with exactly', async () => {
  const words = [...fromStore, ...long];
  const out = folder.at('old');
  expect((await interrupt([...words, '--out', out], 'SIGINT', () => eventLines(out) > 10)).code).toBe(130);
  await makeOld(out);
  await succeed('train', '--resume', out);
  expect(await resultOf(out)).toEqual(await resultOf(folder.at('exact')));
  expect(await resultOf(out)).not.toEqual(await resultOf(whole));
});

describe('irreducible losses that are scored online choose as those from a store do', () => {
  const few = ['--steps', '4'];

  test('by ONNX Runtime', async () => {
    await succeed('train', ...data, ...target, ...long, '--irreducible', ilModel, '--out', folder.at('online'));
    expect(await selectedIds(folder.at('online'))).toEqual(await selectedIds(folder.at('exact')));
  });

  test('with stale weights and TensorFlow.js as well', async () => {
    const words = ['train', ...data, ...target, ...few, '--engine', 'tfjs:wasm', '--staleness', '1'];
    await Promise.all([
      succeed(...words, '--irreducible', store, '--out', folder.at('tf-store')),
      succeed(...words, '--irreducible', ilModel, '--out', folder.at('tf-online')),
    ]);
    const ids = await selectedIds(folder.at('tf-online'));
    expect(ids.length).toBe(4);
    expect(ids).toEqual(await selectedIds(folder.at('tf-store')));
  });
});

test('a comparison with stale weights compares, and uniform is not told to score', async () => {
  const words = ['compare', ...data, ...target, '--steps', '6', '--staleness', '1', '--strategy', 'uniform,rho'];
  const out = folder.at('compared');
  const { strategies } = await rhoJson(...words, '--irreducible', store, '--out', out);
  expect(Object.keys(strategies)).toEqual(['uniform', 'rho']);
  expect(await filesIn(out)).toContain('report.html');
  const starts = await Promise.all(['uniform', 'rho'].map(async (name) => (await readEventsOf(join(out, name)))[0]));
  expect(starts).toMatchObject([
    { threads: 2, scoreThreads: null },
    { threads: 1, scoreThreads: 1 },
  ]);
});

const asked: CheckedScoring = {
  ...exactScoring,
  ...{ bigBatch: 320, smallBatch: 32, batchNorm: 'steps', engine: 'onnx', scoreEngine: 'onnx', threads: 2 },
};

describe('what does not go together is said in one sentence', () => {
  test.each<[Partial<CheckedScoring>, string]>([
    [{ reuse: 31 }, 'Cannot score 31 of 320 candidates to choose 32: pass --reuse from 32 to 320'],
    [{ scoreThreads: 3 }, 'Cannot score with 3 of 2 threads: pass --score-threads up to 2, or more --threads'],
    [
      { shortlist: 31, staleness: 1 },
      'Cannot choose 32 of a shortlist of 31 of 320 candidates: pass --shortlist from 32 to 320',
    ],
    [
      { shortlist: 321, staleness: 1 },
      'Cannot choose 32 of a shortlist of 321 of 320 candidates: pass --shortlist from 32 to 320',
    ],
    [
      { shortlist: 64 },
      'Cannot use --shortlist where all candidates are scored exactly: pass --staleness or --scoring as well, or leave it away',
    ],
    ...([{ staleness: 1 }, { refresh: 2 }, { scoreThreads: 1 }, { scoreDevice: 'cpu' }] as const).map(
      (beside): [Partial<CheckedScoring>, string] => [
        { ...beside, batchNorm: 'candidates' },
        'Cannot take running averages from candidates that are scored beside the trainer: pass --batch-norm steps, or leave --staleness, --refresh and --scoring as they are',
      ],
    ),
    ...([{ scoring: 'int8' }, { reuse: 160 }] as const).map((partly): [Partial<CheckedScoring>, string] => [
      { ...partly, batchNorm: 'candidates' },
      'Cannot take running averages from candidates that are not all scored in full: pass --batch-norm steps, or leave --reuse and --scoring as they are',
    ]),
    [
      { staleness: 1, scoreEngine: 'same', engine: 'tfjs:wasm' },
      'Cannot score with --score-engine same beside the trainer: ONNX Runtime does that, leave --score-engine away',
    ],
  ])('%j', (options, message) => {
    expect(() => checkScoring({ ...asked, ...options }, ['rho'])).toThrow(
      expect.objectContaining({ kind: 'usage', message }),
    );
  });

  test.each<Partial<CheckedScoring>>([
    {},
    { batchNorm: 'candidates' },
    { scoreEngine: 'same' },
    { staleness: 3, refresh: 2, shortlist: 32 },
    { staleness: 1, shortlist: 320 },
    { scoring: 'int8', shortlist: 64 },
    { reuse: 160, shortlist: 64 },
  ])('and %j is not refused', (options) => {
    expect(() => checkScoring({ ...asked, ...options }, ['rho'])).not.toThrow();
  });

  test('of losses reused for gradient norms too', () => {
    expect(() => checkScoring({ ...asked, reuse: 160 }, ['rho', 'gradnorm'])).toThrow(
      'Cannot use --reuse with --strategy gradnorm: losses are kept from pass to pass, gradient norms are not; leave one of them away',
    );
  });

  test('before anything is written', async () => {
    const out = folder.at('refused');
    const words = [...fromStore, '--steps', '2', '--staleness', '1', '--batch-norm', 'candidates'];
    expectRefusal(await rho(...words, '--out', out), 2, 'Cannot take running averages from candidates that are scored');
    expect(existsSync(out)).toBe(false);
  });
});

test.each<[Partial<CheckedScoring> & { threads: number }, boolean, number, number | null]>([
  [{ threads: 4 }, false, 4, null],
  // The trainer scores in 8 bits itself, TensorFlow.js has another do it in turns.
  [{ threads: 4, scoring: 'int8' }, false, 4, null],
  [{ threads: 4, scoring: 'int8', engine: 'tfjs:wasm' }, false, 4, 4],
  [{ threads: 4, staleness: 1 }, false, 2, 2],
  [{ threads: 5, staleness: 1 }, false, 3, 2],
  [{ threads: 1, staleness: 1 }, false, 1, 1],
  [{ threads: 4, refresh: 2, scoreThreads: 1 }, false, 3, 1],
  [{ threads: 4, staleness: 1, scoreThreads: 4 }, false, 1, 4],
  [{ threads: 4 }, true, 2, 2],
])('the threads of %j, irreducible losses online: %s, are %i and %s', (options, online, training, scoring) => {
  expect(threadBudget({ ...exactScoring, device: 'cpu', ...options }, 'rho', online)).toEqual({ training, scoring });
  const { threads } = options;
  expect(threadBudget({ ...exactScoring, device: 'cpu', ...options }, 'uniform', online)).toEqual({
    training: threads,
    scoring: null,
  });
});

test('a scorer beside the trainer that does not answer any more ends the run within seconds', async () => {
  const reason = 'rho: Training stopped: The scorer thread ended: no answer for 10 s; go on with';
  await expectGoesOn(await silence, reason, silent, whole);
});

test('so does a trainer', async () => {
  const reason = 'rho: Training stopped: The trainer thread ended: no answer for 10 s; go on with';
  await expectGoesOn(await trainerSilence, reason, silentTrainer, folder.at('exact'));
});
