import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { imageOf } from '../data/imagesOf.ts';
import { expectRefusal, filesIn, makeOld, rho, rhoJson, sharedFolder, writeDigits } from './rho.ts';

const folder = await sharedFolder();
const digits = ['--data', `idx:${folder.at('digits')}`];
const halves = ['--holdout', '200:200', '--threads', '1'];
const il = ['--il-epochs', '1', '--il-model', 'mlp:8'];
const target = ['--model', 'mlp:8', '--big-batch', '50', '--small-batch', '5', '--steps', '4'];
const labels = `${folder.at('labels.csv')}:human`;
const store = folder.at('store');

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 400, test: 50 });
  // The first digits are 5 1 1 4; every fourth of the human labels is 0 whatever the digit.
  const own = (await readFile(folder.at('digits/train-labels-idx1-ubyte'))).subarray(8);
  const rows = Array.from(own, (label, id) => `${id},${label},${id % 4 === 0 ? 0 : label}`);
  await writeFile(folder.at('labels.csv'), `index,own,human\n${rows.join('\n')}\n`);
  await mkdir(folder.at('texts'));
  await writeFile(folder.at('texts/train.tsv'), 'sentence\tlabel\ngood film\t1\nbad film\t0\n');
});

test('labels given are what IL model, store and target are made with, and stand in each record', async () => {
  const given = [...digits, ...halves, '--labels', labels];
  const card = await rhoJson('il', ...given, ...il, '--out', folder.at('il'));
  expect(card.data).toMatchObject({ noise: 'none', labels, vocab: null, tokens: null });
  const model = folder.at('il/il.onnx');
  const scored = await rhoJson('score', ...given, '--model', model, '--out', store);
  expect(scored.data).toMatchObject({ noise: 'none', labels, vocab: null, tokens: null, decoder: null });
  expect(scored.data.fingerprint).toBe(card.data.fingerprint);
  const out = folder.at('trained');
  const { data, config } = await rhoJson('train', ...given, ...target, '--irreducible', store, '--out', out);
  expect(config).toMatchObject({ labels, vocab: null, tokens: null });
  expect(data.noise).toBe(`labels of ${labels}`);
  // A quarter of the labels became 0, of which about a tenth were 0 already.
  expect(data.noiseRate).toBeGreaterThan(0.15);
  expect(data.noiseRate).toBeLessThan(0.3);
  expect((await rho('inspect', store)).stdout).toContain(`noise none, labels ${labels}, holdout 200:200`);
});

let count = 0;
/** Runs `rho train`, and expects that it refuses and writes nothing. */
async function expectNothing(words: readonly string[], exitCode: number, sentence: RegExp | string): Promise<void> {
  const out = folder.at(`out-${count++}`);
  const uniform = ['--strategy', 'uniform', ...target];
  expectRefusal(await rho('train', ...uniform, ...words, '--out', out), exitCode, sentence);
  expect(await filesIn(out)).toEqual([]);
}

test('photographs in folders are brought to one size and trained on, their names are kept', async () => {
  for (const part of ['train', 'val'])
    for (const [name, red] of [
      ['dark', 20],
      ['light', 220],
    ] as const) {
      await mkdir(folder.at('photos', part, name), { recursive: true });
      for (let at = 0; at < 6; at++) {
        const size = { width: 20 + at, height: 18 };
        await writeFile(folder.at('photos', part, name, `${at}.jpg`), await imageOf('jpeg', [red + at, 9, 9], size));
      }
    }
  const words = ['--data', `images:${folder.at('photos')}`, '--holdout', '6:6', '--threads', '1', '--image-size', '8'];
  const out = folder.at('from-photos');
  const small = ['--model', 'mlp:8', '--big-batch', '4', '--small-batch', '2', '--steps', '4', '--strategy', 'uniform'];
  const { data, config } = await rhoJson('train', ...words, ...small, '--out', out);
  expect(config).toMatchObject({ imageSize: 8 });
  expect(data).toMatchObject({ classes: 2 });
  const card = await rhoJson(
    'il',
    ...words,
    '--il-epochs',
    '1',
    '--il-model',
    'mlp:8',
    '--il-batch',
    '2',
    '--out',
    `${out}-il`,
  );
  expect(card.data).toMatchObject({ imageSize: 8, length: 12 });
  const alone = ['train', '--data', `images:${folder.at('photos/train')}`, ...small, '--out', folder.at('never')];
  expectRefusal(await rho(...alone), 2, 'its folders are classes, name the test data with --test');
});

test('a store made with other labels is refused, and says which', async () => {
  const words = ['train', ...digits, ...halves, ...target, '--irreducible', store, '--out', folder.at('never')];
  const made = new RegExp(`with --noise none --data-seed 0 --labels ${labels}\\), this is data [0-9a-f]{8} `);
  expectRefusal(await rho(...words), 3, made);
  expectRefusal(await rho(...words, '--labels', `${folder.at('labels.csv')}:own`), 3, made);
});

test('a run from before there were labels is gone on with', async () => {
  const out = folder.at('old-run');
  await rhoJson('train', ...digits, ...halves, '--strategy', 'uniform', ...target, '--out', out);
  await makeOld(out, (options) => {
    for (const key of ['labels', 'vocab', 'tokens', 'imageSize']) {
      expect(options).toHaveProperty(key);
      delete options[key];
    }
  });
  const { code, stderr } = await rho('train', '--resume', out);
  expect(code, stderr).toBe(0);
});

test.each<[string, () => string[], number, RegExp | string]>([
  [
    'labels and noise together',
    () => ['--labels', labels, '--noise', 'flip:0.1'],
    2,
    'Cannot add --noise flip:0.1 to the labels of --labels',
  ],
  [
    'a column that is not there',
    () => ['--labels', labels.replace('human', 'x')],
    2,
    /"x" of ".*": expected one of own, human$/m,
  ],
  ['labels without a column', () => ['--labels', 'labels'], 2, 'expected FILE:COLUMN'],
  ['a file of labels that is not there', () => ['--labels', 'no.csv:a'], 3, 'Cannot read "no.csv": no such file'],
  ['--tokens for images', () => ['--tokens', '8'], 2, 'Cannot use --tokens with data "idx:'],
  ['--vocab for images', () => ['--vocab', 'vocab.txt'], 2, 'Cannot use --vocab with data "idx:'],
])('%s is refused', async (_what, words, exitCode, sentence) => {
  await expectNothing([...digits, ...halves, ...words()], exitCode, sentence);
});

test('texts without a vocabulary, or as one file without test data, are refused', async () => {
  const texts = folder.at('texts');
  await expectNothing(['--data', `tsv:${texts}`], 3, 'pass a vocab.txt or tokenizer.json with --vocab');
  await expectNothing(['--data', `tsv:${texts}/train.tsv`], 2, 'it is one file, name the test data with --test');
  await expectNothing(['--data', `csv:${texts}`], 3, 'expected train.csv, plain or .gz');
  await expectNothing(['--data', `cifar:${texts}`], 3, "Cannot find CIFAR's train data in");
});

test('test texts of another vocabulary are refused', async () => {
  const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'film', 'good', 'bad'];
  for (const [name, list] of [
    ['one', tokens],
    ['two', [...tokens, 'new']],
  ] as const) {
    await mkdir(folder.at(name));
    await writeFile(folder.at(name, 'vocab.txt'), list.join('\n'));
    for (const part of ['train', 'dev'])
      await writeFile(folder.at(name, `${part}.tsv`), 'sentence\tlabel\ngood film\t1\nbad film\t0\n');
  }
  const data = ['--data', `tsv:${folder.at('one')}`, '--test', `tsv:${folder.at('two')}`];
  await expectNothing(data, 3, /Cannot test on ".*two": its preprocessing is .*pass --test data of the same kind/);
});
