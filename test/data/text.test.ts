import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { fingerprintData } from '../../src/data/fingerprint.ts';
import { contentHash } from '../../src/data/hash.ts';
import { openData, requireTestBeside } from '../../src/data/open.ts';
import { openText } from '../../src/data/text.ts';
import { tokenizerLibrary } from '../../src/data/tokenizer.ts';
import { dataFolders } from './dataFolders.ts';

const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'good', 'bad', 'film', '.', ''].join('\n');
const sst2 = 'sentence\tlabel\ngood film\t1\nbad "film" .\t0\n';

const folderOf = dataFolders();

test('a folder of GLUE gives padded ids, labels and the texts themselves', async () => {
  const folder = await folderOf({ 'vocab.txt': vocabulary, 'train.tsv.gz': gzipSync(sst2), 'dev.tsv': sst2 });
  const train = await openText('tsv', folder, 'train', { tokens: 6 });
  expect([train.name, train.length, train.classes, [...train.labels]]).toEqual([`tsv:${folder}`, 2, 2, [1, 0]]);
  expect(train.inputs).toEqual([{ dtype: 'int32', dims: [6] }]);
  expect(train.preprocessing).toEqual({
    kind: 'tokens',
    tokenizer: expect.stringMatching(/^wordpiece [0-9a-f]{64}$/),
    vocabulary: 8,
    padding: 0,
  });
  const { inputs, labels } = await train.gather([1, 0]);
  expect(inputs[0]!.data).toEqual(Int32Array.of(2, 5, 1, 6, 1, 3, 2, 4, 6, 3, 0, 0));
  expect([...labels]).toEqual([0, 1]);
  expect([train.textOf!(0), train.textOf!(1)]).toEqual(['good film', 'bad "film" .']);
  expect(train.decoder).toMatch(`${tokenizerLibrary} wordpiece `);
  expect((await openText('tsv', folder, 'train')).inputs[0]!.dims).toEqual([64]);
});

test('the hash is over the texts behind their lengths, whatever file they are in', async () => {
  const csv = 'label,text\n1,good film\n0,"bad ""film"" ."\n';
  const folder = await folderOf({ 'vocab.txt': vocabulary, 'train.tsv': sst2, 'train.csv': csv });
  const [tsv, other] = [await openText('tsv', folder, 'train'), await openText('csv', folder, 'train')];
  const stored = Buffer.from('\x09\0\0\0good film\x0c\0\0\0bad "film" .');
  expect(tsv.contentHash).toBe(await contentHash([stored]));
  expect(other.contentHash).toBe(tsv.contentHash);
  expect(await fingerprintData(other)).toBe(await fingerprintData(tsv));
});

test('how texts are cut into tokens is no part of what identifies them', async () => {
  const folder = await folderOf({ 'vocab.txt': vocabulary, 'other.txt': `${vocabulary}more\n`, 'train.tsv': sst2 });
  const datasets = [
    await openText('tsv', folder, 'train'),
    await openText('tsv', folder, 'train', { vocab: join(folder, 'other.txt') }),
    await openText('tsv', folder, 'train', { tokens: 32 }),
  ];
  expect(new Set(datasets.map((dataset) => dataset.contentHash)).size).toBe(1);
  expect(new Set(await Promise.all(datasets.map(fingerprintData))).size).toBe(1);
});

test('test data are dev, or else test; a file is itself', async () => {
  const dev = 'sentence\tlabel\nbad\t0\n';
  const both = await folderOf({ 'vocab.txt': vocabulary, 'dev.tsv': dev, 'test.tsv': sst2 });
  expect((await openText('tsv', both, 'test')).length).toBe(1);
  const one = await folderOf({ 'vocab.txt': vocabulary, 'test.csv.gz': gzipSync('text,label\ngood,0\n') });
  expect((await openText('csv', one, 'test', { classes: 3 })).classes).toBe(3);
  expect((await openText('tsv', join(both, 'test.tsv'), 'test')).length).toBe(2);
  await expect(openText('tsv', both, 'train')).rejects.toThrow(
    `Cannot find the train texts in "${both}": expected train.tsv, plain or .gz`,
  );
});

test('no vocabulary, no file and labels beyond the classes are named', async () => {
  const folder = await folderOf({ 'train.tsv': sst2 });
  const file = join(folder, 'train.tsv');
  await expect(openText('tsv', folder, 'train')).rejects.toThrow(
    `Cannot tokenise "${file}": there is no vocab.txt beside it, pass a vocab.txt or tokenizer.json with --vocab`,
  );
  await expect(openText('tsv', folder, 'train', { vocab: join(folder, 'none.txt') })).rejects.toThrow('no such file');
  await expect(openText('tsv', join(folder, 'none'), 'train')).rejects.toThrow('no such file or folder');
  await writeFile(join(folder, 'vocab.txt'), vocabulary);
  await expect(openText('tsv', folder, 'train', { classes: 1 })).rejects.toThrow(
    'example 0 has label 1, expected 0 to 0',
  );
});

test('one file has no test data beside it, a folder may', async () => {
  const folder = await folderOf({ 'train.tsv': sst2 });
  const file = `tsv:${join(folder, 'train.tsv')}`;
  await expect(requireTestBeside(file)).rejects.toThrow(
    `Cannot find test data beside "${file}": it is one file, name the test data with --test`,
  );
  await requireTestBeside(`tsv:${folder}`);
  await requireTestBeside(`idx:${folder}`);
});

test('images take neither --vocab nor --tokens', async () => {
  for (const options of [{ vocab: 'vocab.txt' }, { tokens: 8 }])
    await expect(openData('idx:data/mnist-sample', 'train', options)).rejects.toMatchObject({
      kind: 'usage',
      message: `Cannot use --${Object.keys(options)[0]} with data "idx:data/mnist-sample": it is for texts, such as tsv:sst2/`,
    });
});

const folder = process.env.RHO_DATA;
describe.skipIf(!folder)('GLUE (skipped unless RHO_DATA names the folder of public data)', () => {
  const options = { vocab: join(folder ?? '', 'bert-vocab/vocab.txt') };

  test.each([
    ['sst2', 'train', 67_349, 37_569],
    ['sst2', 'test', 872, 444],
    ['cola', 'train', 8551, 6023],
    ['cola', 'test', 1043, 721],
  ] as const)('%s %s has the counts that its makers give', async (name, part, length, ones) => {
    const dataset = await openData(`tsv:${join(folder!, name)}`, part, options);
    expect([dataset.length, dataset.classes]).toEqual([length, 2]);
    expect(dataset.labels.filter((label) => label === 1).length).toBe(ones);
  });
});
