import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, cp, mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomStream } from '../../src/core/random.ts';
import { type Ended, expectRefusal, filesIn, rho, rhoJson, sharedFolder, startRho, writeDigits } from './rho.ts';

const folder = await sharedFolder();
const model = folder.at('il/il.onnx');
const sample = ['--data', 'idx:data/mnist-sample', '--noise', 'flip:0.2', '--threads', '1'];
const score = ['score', ...sample, '--model', model, '--split', 'all', '--shard-rows', '512'];
const straight = folder.at('straight');

beforeAll(async () => {
  // Large enough for scoring to take a second on one thread.
  const il = ['il', ...sample, '--il-model', 'mlp:768,768', '--il-epochs', '1', '--il-batch', '500'];
  for (const words of [
    [...il, '--out', folder.at('il')],
    [...score, '--out', straight],
  ]) {
    const { code, stderr } = await rho(...words);
    expect(code, stderr).toBe(0);
  }
});

/** What a store holds: its shards byte for byte, and of the manifest what does not depend on the clock. */
function contentsOf(store: string): Record<string, string> {
  const files = readdirSync(store).sort();
  return Object.fromEntries(
    files.map((name) => {
      const bytes = readFileSync(`${store}/${name}`);
      if (name !== 'manifest.json') return [name, bytes.toString('base64')];
      const { created: _, scoring, ...manifest } = JSON.parse(String(bytes));
      return [name, JSON.stringify({ ...manifest, scoring: { ...scoring, seconds: 0 } })];
    }),
  );
}

function journalLines(store: string): number {
  const path = `${store}/scoring.jsonl`;
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

/** Without the progress before it. */
function lastLine(ended: Ended): Ended {
  return { ...ended, stderr: `${ended.stderr.trimEnd().split('\n').at(-1)}\n` };
}

async function done(words: readonly string[]): Promise<Ended> {
  const ended = await rho(...words);
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

/** A few of each; a longer run may ask for twenty. */
const killsOfEach = Number(process.env.RHO_KILLS ?? 4);

test.each(['fp32', 'int8'])(
  'a store in %s that was killed at random moments is the same byte for byte',
  async (precision) => {
    const random = randomStream(0, `kills in ${precision}`);
    const store = folder.at(`killed-${precision}`);
    const words = [...score, '--precision', precision];
    const whole = precision === 'fp32' ? straight : folder.at(`straight-${precision}`);
    if (whole !== straight) await done([...words, '--out', whole]);
    const expected = contentsOf(whole);
    let kills = 0;
    let midway = 0;
    while (kills < killsOfEach) {
      const { child, ended, isRunning } = startRho([...words, '--out', store]);
      // At some number of shards, or just some time after the start.
      const lines = kills % 3 === 0 ? Infinity : journalLines(store) + random.below(9);
      const deadline = performance.now() + (kills % 3 === 0 ? random.below(700) : 20_000);
      while (isRunning() && journalLines(store) <= lines && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill('SIGKILL');
      if ((await ended).signal === 'SIGKILL') kills += 1;
      if (journalLines(store) > 1) midway += 1;
      if (!existsSync(`${store}/manifest.json`)) continue;
      await done([...words, '--out', store]);
      expect(contentsOf(store)).toEqual(expected);
      await rm(store, { recursive: true });
    }
    // Else the kills would have proved nothing.
    expect(midway).toBeGreaterThan(killsOfEach / 2);
    await done([...words, '--out', store]);
    expect(contentsOf(store)).toEqual(expected);
  },
  300_000,
);

test('workers and threads change nothing', async () => {
  for (const [workers, threads] of [
    [1, 2],
    [3, 1],
  ]) {
    const store = folder.at(`workers-${workers}-${threads}`);
    await done([...score, '--out', store, '--workers', `${workers}`, '--threads', `${threads}`]);
    expect(contentsOf(store)).toEqual(contentsOf(straight));
  }
});

test('a bit that flipped is found and mended by the same command, and nothing else is scored again', async () => {
  const store = folder.at('flipped');
  await cp(straight, store, { recursive: true });
  const shard = await readFile(`${store}/shard-00007.parquet`);
  shard[1000]! ^= 64;
  await writeFile(`${store}/shard-00007.parquet`, shard);
  const words = [
    'train',
    ...sample,
    '--irreducible',
    store,
    '--steps',
    '2',
    '--model',
    'mlp:8',
    '--out',
    folder.at('no'),
  ];
  expectRefusal(await rho(...words), 3, 'it is damaged, the "rho score" command that made the store mends it');
  const { stderr, stdout } = await done([...score, '--out', store]);
  expect(stderr).toContain('shard-00007.parquet damaged, scored again');
  expect(stdout).toContain('20,000 examples, 512 scored');
  expect(contentsOf(store)).toEqual(contentsOf(straight));
});

test('a truncated shard of an unfinished store is found too', async () => {
  const store = folder.at('truncated');
  const { child, ended } = startRho([...score, '--out', store]);
  while (journalLines(store) < 8) await new Promise((resolve) => setTimeout(resolve, 1));
  child.kill('SIGKILL');
  await ended;
  await truncate(`${store}/shard-00003.parquet`, 100);
  expect((await done([...score, '--out', store])).stderr).toContain('shard-00003.parquet damaged');
  expect(contentsOf(store)).toEqual(contentsOf(straight));
});

test('Ctrl-C ends scoring with code 130, says what goes on with it, and loses the shards in hand alone', async () => {
  const store = folder.at('interrupted');
  const started = startRho([...score, '--out', store]);
  while (journalLines(store) < 4) await new Promise((resolve) => setTimeout(resolve, 1));
  started.child.kill('SIGINT');
  const { code, stderr } = await started.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('rho: Interrupted while scoring: the same command goes on');
  expect(journalLines(store)).toBeGreaterThanOrEqual(4);
  const reading = await rho('inspect', store);
  expectRefusal(reading, 3, 'its scoring was interrupted; go on with the "rho score" command that began it');
  await done([...score, '--out', store]);
  expect(contentsOf(store)).toEqual(contentsOf(straight));
});

test('a second command on the same folder is kept out', async () => {
  const store = folder.at('two');
  const first = startRho([...score, '--out', store]);
  while (journalLines(store) < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  const second = lastLine(await rho(...score, '--out', store));
  const { code, stderr } = await first.ended;
  expect(code, stderr).toBe(0);
  expect(contentsOf(store)).toEqual(contentsOf(straight));
  // It may have come too late to be in the way.
  if (second.code !== 0) expectRefusal(second, 3, /is writing into it; wait for it|has changed it meanwhile/);
});

test('other options are not mixed into a store', async () => {
  const refused = await rho(...score.slice(0, -2), '--shard-rows', '256', '--out', straight);
  expectRefusal(refused, 3, 'its span of a shard was 512, now it is 256; name a new folder');
  const noisier = score.map((word) => (word === 'flip:0.2' ? 'flip:0.3' : word));
  expectRefusal(await rho(...noisier, '--out', straight), 3, /its data was \w{8}, now it is \w{8}; name a new folder/);
});

test('a manifest of a newer version is left alone', async () => {
  const store = folder.at('newer');
  await cp(straight, store, { recursive: true });
  const manifest = (await readFile(`${store}/manifest.json`, 'utf8')).replace('"version": 1', '"version": 2');
  await writeFile(`${store}/manifest.json`, manifest);
  const sentence = 'it has version 2, this program reads version 1; install the version of rho-loss that wrote it';
  for (const words of [
    ['inspect', store],
    [...score, '--out', store],
    ['merge', store, '--out', folder.at('no')],
  ])
    expectRefusal(await rho(...words), 3, sentence);
  expect(await readFile(`${store}/manifest.json`, 'utf8')).toBe(manifest);
});

test('a folder that cannot be written to is a sentence', async () => {
  const file = folder.at('file');
  await writeFile(file, '');
  expectRefusal(await rho(...score, '--out', `${file}/store`), 3, 'part of the path is not a folder');
  expectRefusal(await rho(...score, '--out', '/sys/store'), 3, /^rho: Cannot write "\/sys\/store": [a-z ]+$/m);
});

/** A disk of its own that is small; only root can make one. */
const disk = folder.at('disk');
mkdirSync(disk);
const hasDisk = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', disk]).status === 0;
afterAll(() => spawnSync('umount', [disk]));

test.skipIf(!hasDisk)(
  'a full disk is a sentence, and once there is room the same command goes on (skipped: no right to mount)',
  async () => {
    await writeFile(`${disk}/filler`, Buffer.alloc(200 * 1024));
    const store = `${disk}/store`;
    const full = await rho(...score, '--out', store);
    expectRefusal(lastLine(full), 3, /Cannot write ".*": no space left on the disk$/m);
    expect(journalLines(store)).toBeGreaterThan(1);
    await rm(`${disk}/filler`);
    spawnSync('mount', ['-o', 'remount,size=4m', disk]);
    await done([...score, '--out', store]);
    expect(contentsOf(store)).toEqual(contentsOf(straight));
    spawnSync('mount', ['-o', 'remount,ro', disk]);
    expectRefusal(await rho(...score, '--out', `${disk}/another`), 3, 'the disk is read-only');
  },
);

/** Fewer digits, for what does not have to take a while. */
const few = ['--data', `idx:${folder.at('digits')}`, '--noise', 'flip:0.2', '--threads', '1'];
const fewModel = folder.at('few-il/il.onnx');
const scoreFew = ['score', ...few, '--model', fewModel, '--split', 'all', '--shard-rows', '128'];
const fewStraight = folder.at('few-straight');
beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 4000, test: 100 });
  await done(['il', ...few, '--il-model', 'mlp:16', '--il-epochs', '1', '--out', folder.at('few-il')]);
  await done([...scoreFew, '--out', fewStraight]);
});

const parts = (of: number): string[] => Array.from({ length: of }, (_, i) => folder.at(`part-${i + 1}-of-${of}`));
async function scoreParts(of: number): Promise<string[]> {
  const stores = parts(of);
  for (const [i, store] of stores.entries()) await done([...scoreFew, '--shard', `${i + 1}/${of}`, '--out', store]);
  return stores;
}

test('parts of three machines merge into the store of one', async () => {
  const stores = await scoreParts(3);
  const merged = folder.at('merged');
  const { check, count } = await rhoJson('merge', ...stores, '--out', merged);
  expect([check.sample, check.difference, count]).toEqual([100, 0, 4000]);
  expect(contentsOf(merged)).toEqual(contentsOf(fewStraight));
  expectRefusal(await rho('merge', ...stores, '--out', merged), 2, 'it is not empty, pass another --out');
  // The same part twice does no harm.
  const { stderr } = await done(['merge', stores[0]!, ...stores, '--out', folder.at('twice'), '--no-check']);
  expect(stderr).toContain(`${stores[0]}: part 1 is there twice, this one is left out`);
  expect(contentsOf(folder.at('twice'))).toEqual(contentsOf(fewStraight));
});

test('parts that are missing, damaged, of other options or twice with other losses are told', async () => {
  const [first, second, third] = (await filesIn(folder.at('part-1-of-3'))).length > 0 ? parts(3) : await scoreParts(3);
  const merge = (...stores: string[]) => rho('merge', ...stores, '--out', folder.at('no'));
  expectRefusal(
    await merge(first!, third!),
    3,
    'Cannot merge 2 of 3 parts: part 2 is missing; run "rho score" with --shard 2/3',
  );
  expectRefusal(await merge(first!, fewStraight), 3, /its part is .* merge parts of one "rho score --shard"/);
  expectRefusal(await merge(fewStraight), 3, 'it is a whole store, expected parts made with --shard i/n');

  const other = folder.at('other-losses');
  await cp(second!, other, { recursive: true });
  const manifest = JSON.parse(await readFile(`${other}/manifest.json`, 'utf8'));
  manifest.shards.pop();
  manifest.count = manifest.shards.reduce((sum: number, { rows }: { rows: number }) => sum + rows, 0);
  await writeFile(`${other}/manifest.json`, JSON.stringify(manifest));
  expectRefusal(
    await merge(first!, second!, other, third!),
    3,
    'both are part 2 of 3 and their losses differ; leave one out',
  );
  expectRefusal(await merge(first!, other, third!), 3, /128 ids of the split are in none of them, from \d+ to \d+/);
  expect(existsSync(folder.at('no'))).toBe(false);
});

test('losses that this machine finds to be others are told before anything is written', async () => {
  const stores = existsSync(parts(3)[2]!) ? parts(3) : await scoreParts(3);
  const otherIl = [
    'il',
    ...few,
    '--il-model',
    'mlp:8',
    '--il-epochs',
    '1',
    '--seed',
    '5',
    '--out',
    folder.at('other-il'),
  ];
  await done(otherIl);
  const refused = await rho('merge', ...stores, '--out', folder.at('no'), '--model', folder.at('other-il/il.onnx'));
  expectRefusal(
    lastLine(refused),
    3,
    /the loss of example \d+ is [\d.]+ there and [\d.]+ here; score the part that it is in again/,
  );
  expect(existsSync(folder.at('no'))).toBe(false);
});

test('a job index of Kubernetes names the part', async () => {
  const words = [...scoreFew, '--shard', 'auto/2', '--out', folder.at('auto')];
  expectRefusal(await rho(...words), 2, 'JOB_COMPLETION_INDEX: it is not set');
  process.env.JOB_COMPLETION_INDEX = '1';
  await done(words).finally(() => delete process.env.JOB_COMPLETION_INDEX);
  expect(JSON.parse(await readFile(folder.at('auto/manifest.json'), 'utf8')).part).toEqual({ index: 2, of: 2 });
});

test('texts that were appended are scored alone, and what the IL model was trained on is not forgotten', async () => {
  await mkdir(folder.at('texts'));
  const words = ['good', 'bad', 'fine', 'dull', 'film', 'plot', 'a', 'the'];
  const random = randomStream(1, 'texts');
  const line = (i: number) => `${words[2 * random.below(2) + (i % 2)]} ${words[4 + random.below(4)]}\t${i % 2}\n`;
  const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => line(from + i)).join('');
  await writeFile(folder.at('texts/vocab.txt'), ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...words].join('\n'));
  await writeFile(folder.at('texts/train.tsv'), `sentence\tlabel\n${lines(0, 300)}`);
  await writeFile(folder.at('texts/dev.tsv'), `sentence\tlabel\n${lines(0, 20)}`);
  const texts = ['--data', `tsv:${folder.at('texts')}`, '--tokens', '8', '--holdout', 'even-odd', '--threads', '1'];
  const il = folder.at('texts-il');
  await done(['il', ...texts, '--il-model', 'transformer:1x32', '--il-epochs', '1', '--out', il]);
  const scoring = [
    'score',
    ...texts,
    '--model',
    `${il}/il.onnx`,
    '--shard-rows',
    '64',
    '--out',
    folder.at('texts-store'),
  ];
  await done(scoring);
  await appendFile(folder.at('texts/train.tsv'), lines(300, 420));
  expectRefusal(await rho(...scoring), 3, 'if the data have grown since, pass --append');
  // The card is gone, and nobody says how the store was divided: the store knows.
  await rename(`${il}/il.json`, `${il}/kept.json`);
  const adding = scoring.filter((word) => word !== '--shard-rows' && word !== '64');
  expect((await done([...adding, '--append'])).stdout).toContain('210 examples, 60 scored');
  await rename(`${il}/kept.json`, `${il}/il.json`);
  const appended = JSON.parse(await readFile(folder.at('texts-store/manifest.json'), 'utf8'));
  expect([appended.span, appended.models[0].trainedOn.ids.length]).toEqual([64, 420]);
  const anew = folder.at('texts-anew');
  await done([...scoring.slice(0, -1), anew]);
  const rows = async (store: string) => (await rhoJson('inspect', store)).statistics;
  expect(await rows(folder.at('texts-store'))).toEqual(await rows(anew));
  const train = [
    'train',
    ...texts,
    '--model',
    'transformer:1x32',
    '--big-batch',
    '16',
    '--small-batch',
    '4',
    '--steps',
    '2',
  ];
  await done([...train, '--irreducible', folder.at('texts-store'), '--out', folder.at('texts-run')]);
});

test('texts of many lengths get the same bytes from any number of workers, in parts, and after damage', async () => {
  const texts = folder.at('lengths');
  await mkdir(texts);
  const random = randomStream(2, 'lengths');
  const lines = Array.from({ length: 600 }, (_, i) => {
    const words = Array.from({ length: 1 + random.below(28) }, () => `w${random.below(90)}`);
    return `${words.join(' ')}\t${i % 2}\n`;
  });
  const words = Array.from({ length: 90 }, (_, i) => `w${i}`);
  await writeFile(`${texts}/vocab.txt`, ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...words].join('\n'));
  await writeFile(`${texts}/train.tsv`, `sentence\tlabel\n${lines.join('')}`);
  await writeFile(`${texts}/dev.tsv`, `sentence\tlabel\n${lines.slice(0, 20).join('')}`);
  const data = ['--data', `tsv:${texts}`, '--tokens', '32'];
  const il = ['--il-model', 'transformer:1x128', '--il-epochs', '1', '--out', `${texts}/il`];
  await done(['il', ...data, '--threads', '1', ...il]);
  const scoring = ['score', ...data, '--model', `${texts}/il/il.onnx`, '--shard-rows', '128', '--split', 'all'];
  const to = async (name: string, ...more: readonly string[]) => {
    await done([...scoring, '--out', `${texts}/${name}`, ...more]);
    return `${texts}/${name}`;
  };
  const int8 = ['--precision', 'int8'];
  const expected = contentsOf(await to('one', '--workers', '1', '--threads', '1'));
  const expectedInt8 = contentsOf(await to('one-int8', ...int8, '--workers', '1', '--threads', '1'));
  const halves = [await to('first', ...int8, '--shard', '1/2'), await to('second', ...int8, '--shard', '2/2')];
  expect((await rhoJson('merge', ...halves, '--out', `${texts}/merged`)).check.difference).toBe(0);
  expect(contentsOf(`${texts}/merged`)).toEqual(expectedInt8);
  expect(contentsOf(await to('two', '--workers', '2', '--threads', '2'))).toEqual(expected);
  await truncate(`${texts}/two/shard-00003.parquet`, 100);
  expect(contentsOf(await to('two', '--workers', '3'))).toEqual(expected);
});
