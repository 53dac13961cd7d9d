import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { expectRefusal, filesIn, rho, sharedFolder, startRho, writeDigits } from './rho.ts';

const folder = await sharedFolder();
const digits = ['--data', `idx:${folder.at('digits')}`];
const il = ['--il-epochs', '1', '--il-model', 'mlp:8', '--threads', '1'];
const target = ['--model', 'mlp:8', '--big-batch', '50', '--small-batch', '5', '--steps', '4', '--threads', '1'];
const model = folder.at('il/il.onnx');
const store = folder.at('store');

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 400, test: 50 });
  const made = ['--holdout', '200:200', '--noise', 'flip:0.2'];
  for (const words of [
    ['il', ...digits, ...made, ...il, '--out', folder.at('il')],
    ['score', ...digits, ...made, '--model', model, '--out', store],
  ]) {
    const { code, stderr } = await rho(...words);
    expect(code, stderr).toBe(0);
  }
});

let count = 0;
/** Runs a command that writes into a fresh folder, and expects that it refuses and leaves nothing there. */
async function expectNothing(words: readonly string[], exitCode: number, sentence: RegExp | string): Promise<void> {
  const out = folder.at(`out-${count++}`);
  expectRefusal(await rho(...words, '--out', out), exitCode, sentence);
  expect(await filesIn(folder.at())).not.toContainEqual(expect.stringMatching(/^out-|\.tmp/));
}

/** Digits of which one file is changed. */
async function damaged(file: string, change: (path: string, bytes: Buffer) => Promise<unknown>): Promise<string[]> {
  const name = `damaged-${count++}`;
  await writeDigits(folder.at(name), { train: 100, test: 20 });
  const path = folder.at(name, file);
  await change(path, await readFile(path));
  return ['--data', `idx:${folder.at(name)}`];
}

const uniform = ['--strategy', 'uniform'];

test('a truncated IDX file is refused', async () => {
  const data = await damaged('train-images-idx3-ubyte', (path) => truncate(path, 16 + 784 * 99));
  await expectNothing(
    ['train', ...data, ...uniform, ...target],
    3,
    /it holds 77616 values, but its header says 100 x 28/,
  );
});

test('a file with another magic number is refused', async () => {
  const data = await damaged('train-labels-idx1-ubyte', (path, bytes) => {
    bytes[2] = 0x0d;
    return writeFile(path, bytes);
  });
  await expectNothing(['il', ...data, ...il], 3, 'it starts with 00 00 0d 01, expected an IDX file');
});

test('fewer labels than images are refused', async () => {
  const data = await damaged('train-labels-idx1-ubyte', (path, bytes) => {
    bytes.writeUInt32BE(99, 4);
    return writeFile(path, bytes.subarray(0, 8 + 99));
  });
  await expectNothing(['run', ...data, ...il, ...target], 3, '100 images, but 99 labels');
});

test('a test label that no training example has is refused', async () => {
  const data = await damaged('t10k-labels-idx1-ubyte', (path, bytes) => {
    bytes[8 + 3] = 10;
    return writeFile(path, bytes);
  });
  await expectNothing(['train', ...data, ...uniform, ...target], 3, 'example 3 has label 10, expected 0 to 9');
});

test.each<[string, string[], number, string]>([
  ['a folder that is not there', ['--data', 'idx:no/such/folder'], 3, 'Cannot read "no/such/folder": no such folder'],
  ['no data', [], 2, 'pass --data FORMAT:PATH'],
  ['an unknown noise', [...digits, '--noise', 'swap:0.1'], 2, 'Cannot add label noise by --noise "swap:0.1"'],
  ['no target examples', [...digits, '--holdout', 'random:1'], 2, 'batches of 50 from 0 target examples'],
  ['a small batch above the big', [...digits, '--small-batch', '51'], 2, 'Cannot select 51 of 50 candidates'],
  ['an architecture without its widths', [...digits, '--model', 'mlp'], 2, 'Cannot build the model "mlp"'],
  ['a model file that is not there', [...digits, '--model', 'no.onnx'], 3, 'Cannot read "no.onnx": no such file'],
])('%s is refused', async (_what, words, exitCode, sentence) => {
  await expectNothing(['train', ...uniform, ...target, ...words], exitCode, sentence);
});

test('rho without irreducible losses says how to make them', async () => {
  await expectNothing(['train', ...digits, ...target], 2, /^rho: Cannot train with --strategy rho: .*"rho score"/);
});

test('a file that is no ONNX is refused, wherever a model is asked for', async () => {
  const file = folder.at('readme.onnx');
  await writeFile(file, '# Not a model\n');
  const sentence = `Cannot read "${file}"`;
  await expectNothing(['train', ...digits, ...uniform, ...target, '--model', file], 3, sentence);
  await expectNothing(['run', ...digits, ...target, '--il-model', file], 3, sentence);
  expectRefusal(await rho('inspect', file), 3, sentence);
});

test('a model whose input does not fit the data is refused, before an IL model is trained for it', async () => {
  const small = folder.at('small');
  await writeDigits(small, { train: 60, test: 20 });
  // Half as wide: 784 x 60 bytes are 120 images of 28 x 14.
  for (const [prefix, images] of [
    ['train', 60],
    ['t10k', 20],
  ] as const) {
    const path = join(small, `${prefix}-images-idx3-ubyte`);
    const bytes = await readFile(path);
    bytes.writeUInt32BE(14, 12);
    await writeFile(path, bytes.subarray(0, 16 + images * 28 * 14));
  }
  const sentence = /an example of the data is \[1, 28, 14\], the input "input" expects \[1, 28, 28\]/;
  const data = ['--data', `idx:${small}`, '--threads', '1'];
  await expectNothing(
    ['train', ...data, ...uniform, '--model', model, '--big-batch', '20', '--steps', '2', '--small-batch', '2'],
    3,
    sentence,
  );
  await expectNothing(
    ['run', ...data, '--model', model, '--big-batch', '20', '--steps', '2', '--small-batch', '2'],
    3,
    sentence,
  );
});

test.each([
  ['other noise', ['--noise', 'flip:0.3']],
  ['another data seed', ['--noise', 'flip:0.2', '--data-seed', '1']],
])('a store made for %s is refused, both fingerprints named', async (_what, options) => {
  const { data } = JSON.parse(await readFile(join(store, 'manifest.json'), 'utf8'));
  await expectNothing(
    ['train', ...digits, ...target, '--holdout', '200:200', ...options, '--irreducible', store],
    3,
    new RegExp(`made for data ${data.fingerprint.slice(0, 8)} .* --noise flip:0.2 .*, this is data [0-9a-f]{8} `),
  );
});

test('a store that lacks target examples is refused', async () => {
  const options = ['--noise', 'flip:0.2', '--holdout', 'random:0.4'];
  await expectNothing(['train', ...digits, ...target, ...options, '--irreducible', store], 3, 'target examples');
});

test('losses by an IL model that has seen target examples are refused', async () => {
  // The labels are the same for both data seeds, the halves are not.
  const other = folder.at('other');
  const all = folder.at('all');
  const halves = ['--holdout', '200:200', '--noise', 'none'];
  await rho('il', ...digits, ...halves, ...il, '--data-seed', '1', '--out', other);
  await rho('score', ...digits, ...halves, '--split', 'all', '--model', join(other, 'il.onnx'), '--out', all);
  const words = ['train', ...digits, ...halves, ...target];
  const leak = /was trained on \d+ of the 200 target examples/;
  await expectNothing([...words, '--irreducible', all], 3, leak);
  await expectNothing([...words, '--irreducible', join(other, 'il.onnx')], 3, leak);
});

test('a holdout with nothing in it is refused where an IL model is to be trained', async () => {
  const sentence = /^rho: Cannot draw batches of 32 from 0 holdout examples: .*random:0$/m;
  await expectNothing(['run', ...digits, ...il, ...target, '--holdout', 'random:0'], 2, sentence);
  await expectNothing(['il', ...digits, ...il, '--holdout', 'random:1'], 2, 'leaves no target examples');
});

test('IL training that diverges is a failure that names the step', async () => {
  const sentence = /^rho: IL training diverged: the loss of step \d+ is (NaN|Infinity), try a lower --lr$/m;
  const { code, stderr } = await rho('il', ...digits, ...il, '--lr', '1e30', '--out', folder.at('diverged'));
  expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([1, expect.stringMatching(sentence)]);
  expect(await filesIn(folder.at('diverged'))).toEqual([]);
});

test('a device that is not there is named', async () => {
  const sentence = 'Cannot use the device "cuda"';
  await expectNothing(['run', ...digits, ...il, ...target, '--device', 'cuda'], 4, sentence);
});

test('a folder that holds something is not written into', async () => {
  const out = folder.at('mine');
  await writeDigits(out, { train: 1, test: 1 });
  const before = await filesIn(out);
  for (const command of ['run', 'train'])
    expectRefusal(
      await rho(command, ...digits, ...target, '--strategy', 'uniform', '--out', out),
      2,
      `Cannot write into "${out}": it is not empty`,
    );
  expect(await filesIn(out)).toEqual(before);
});

test('only a run of the same job can be gone on with, and in its own folder', async () => {
  const run = folder.at('trained');
  const { code } = await rho('train', ...digits, ...uniform, ...target, '--out', run);
  expect(code).toBe(0);
  expectRefusal(await rho('run', '--resume', run), 2, 'it was begun with "rho train", use that');
  expectRefusal(await rho('train', '--resume', run, '--out', folder.at('never')), 2, 'Cannot use --out with --resume');
  expectRefusal(await rho('train', '--resume', folder.at('digits')), 3, 'it holds no config.json');
  expectRefusal(await rho('report', folder.at('digits')), 3, 'it holds no report.json');
  expectRefusal(await rho('inspect', folder.at('digits')), 3, 'expected an .onnx file, a loss store, or the folder');
});

test.each<[string, string[], RegExp]>([
  [
    'an unknown option',
    ['train', '--big-bach', '3'],
    /^error: unknown option '--big-bach'\n\(Did you mean --big-batch\?\)\n$/,
  ],
  ['an unknown command', ['trian'], /^error: unknown command 'trian'\n\(Did you mean train\?\)\n$/],
  [
    'an unknown strategy',
    ['train', '--strategy', 'best'],
    /^error: .*'best' is invalid\. Expected one of rho, uniform,.*\n$/,
  ],
  [
    'steps and epochs',
    ['train', '--steps', '2', '--epochs', '1'],
    /^error: .*--steps.* cannot be used with .*--epochs/,
  ],
  [
    'a seed given twice',
    ['compare', '--seed', '1,2,1'],
    /^error: .*'1,2,1' is invalid\. Expected each value once\.\n$/,
  ],
  ['an accuracy above 1', ['compare', '--target', '90'], /^error: .*Expected accuracies above 0, up to 1\.\n$/],
])('%s is a usage error', async (_what, words, message) => {
  const { code, stdout, stderr } = await rho(...words);
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
});

test('data seeds that cannot be paired with seeds are refused', async () => {
  const words = ['compare', ...digits, ...il, ...target, '--seed', '0,1,2', '--data-seed', '0,1'];
  await expectNothing(words, 2, 'Cannot pair 2 --data-seed with 3 --seed');
});

test('a refusal without --out leaves no folder either', async () => {
  const cwd = folder.at('cwd');
  await mkdir(cwd);
  const words = ['run', ...digits, ...il, ...target, '--holdout', '200:20'];
  expectRefusal(await startRho(words, { cwd }).ended, 2, 'from 20 target examples');
  expect(await readdir(cwd)).toEqual([]);
});
