import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { exactScoring } from '../../src/jobs/exactScoring.ts';
import {
  type Ended,
  eventLines,
  expectRefusal,
  filesIn,
  interrupt,
  makeOld,
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
    const words = [...fromStore, ...long, '--score-device', 'cpu'];
    await succeed(...words, '--out', folder.at('beside'));
    expect(await selectedIds(folder.at('beside'))).toEqual(await selectedIds(folder.at('exact')));
    const ended = await withFault('throws', 9, [...words, '--out', out]);
    expect(checkpointsIn(out)).toEqual([0, 8].map((at) => `step-00000000${at}.safetensors`));
    await expectGoesOn(ended, 'no more memory', out, folder.at('beside'));
  });
});

test.each<[string, (options: Record<string, unknown>) => void]>([
  [
    'before there was a choice of how to score',
    (options) => {
      for (const name of Object.keys(exactScoring)) {
        expect(options).toHaveProperty(name);
        delete options[name];
      }
    },
  ],
  [
    'with options that have no effect, and are refused now',
    (options) => Object.assign(options, { scoreThreads: 2, reuseEpochs: 2 }),
  ],
])('a run begun %s is gone on with exactly', async (name, change) => {
  const words = [...fromStore, ...long];
  const out = folder.at(name.replaceAll(/\W/g, '-'));
  expect((await interrupt([...words, '--out', out], 'SIGINT', () => eventLines(out) > 10)).code).toBe(130);
  await makeOld(out, change);
  await succeed('train', '--resume', out);
  expect(await resultOf(out)).toEqual(await resultOf(folder.at('exact')));
  expect(await resultOf(out)).not.toEqual(await resultOf(whole));
});

describe('irreducible losses that are scored online choose as those from a store do', () => {
  const few = ['--steps', '4'];

  test('by ONNX Runtime', async () => {
    await succeed('train', ...data, ...target, ...long, '--irreducible', ilModel, '--out', folder.at('online'));
    expect(await selectedIds(folder.at('online'))).toEqual(await selectedIds(folder.at('exact')));
    expect((await readEventsOf(folder.at('online')))[0]).toMatchObject({
      ...{ threads: 1, scoreThreads: null, onlineThreads: 1 },
    });
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

  test('with the threads of all three sides at once together no more than those of the run', async () => {
    const out = folder.at('three-sides');
    // The folder of an IL model names it, too.
    const words = ['train', ...data, ...target, ...few, '--staleness', '1', '--irreducible', folder.at('il')];
    await succeed(...words, '--threads', '4', '--score-threads', '1', '--out', out);
    expect((await readEventsOf(out))[0]).toMatchObject({ threads: 2, scoreThreads: 1, onlineThreads: 1 });
    expectRefusal(
      await rho(...words, '--threads', '4', '--score-threads', '2', '--out', folder.at('refused')),
      2,
      'Cannot score with 2 times 2 of 4 threads and train at the same time: pass --score-threads up to 1, or more --threads',
    );
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
    { threads: 2, scoreThreads: null, onlineThreads: null },
    { threads: 1, scoreThreads: 1, onlineThreads: null },
  ]);
});

test('options of scoring that do not go together, or have no effect, are refused before anything is written', async () => {
  const out = folder.at('refused');
  for (const [words, sentence] of [
    [['--staleness', '1', '--batch-norm', 'candidates'], 'or leave --staleness 1 away'],
    [['--score-threads', '1'], 'Cannot use --score-threads 1 where nothing scores beside the trainer'],
    [['--strategy', 'uniform', '--refresh', '2'], 'Cannot use --refresh 2 with --strategy uniform: '],
  ] as const) {
    expectRefusal(await rho(...fromStore, '--steps', '2', ...words, '--out', out), 2, sentence);
    expect(existsSync(out)).toBe(false);
  }
  const { code, stderr } = await rho(...fromStore, '--staleness', '65', '--out', out);
  expect(code).toBe(2);
  expect(stderr).toContain('Expected a whole number from 0 to 64.');
});

test('a scorer beside the trainer that does not answer any more ends the run within seconds', async () => {
  const reason = 'rho: Training stopped: The scorer thread ended: no answer for 10 s; go on with';
  await expectGoesOn(await silence, reason, silent, whole);
});

test('so does a trainer', async () => {
  const reason = 'rho: Training stopped: The trainer thread ended: no answer for 10 s; go on with';
  await expectGoesOn(await trainerSilence, reason, silentTrainer, folder.at('exact'));
});
