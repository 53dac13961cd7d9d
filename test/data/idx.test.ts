import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../src/data/hash.ts';
import { openIdx, readIdx } from '../../src/data/idx.ts';
import { readBytes } from '../../src/runtime/files.ts';

const sample = 'data/mnist-sample';
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rho-idx-'));
});
afterAll(() => rm(root, { recursive: true }));

function idx(dims: number[], values: ArrayLike<number>): Uint8Array {
  const header = Uint8Array.of(0, 0, 8, dims.length, ...dims.flatMap((dim) => [0, 0, dim >> 8, dim & 255]));
  return Buffer.concat([header, Uint8Array.from(values)]);
}

const images = idx([2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
const labels = idx([2], [3, 1]);
const names = { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' };

async function folderOf(files: Record<string, Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(root, 'data-'));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}

// MNIST begins 5 0 4 1 9 2 1 3 1 4, its test set 7 2 1 0 4 1.
test('the sample is every third training and every fifth test image of MNIST', async () => {
  const train = await openIdx(sample, 'train');
  expect([train.name, train.length, train.classes]).toEqual(['idx:data/mnist-sample', 20_000, 10]);
  expect(train.inputs).toEqual([{ dtype: 'uint8', dims: [1, 28, 28] }]);
  expect(train.preprocessing).toEqual({ kind: 'standardize', scale: 1 / 255, mean: [0.1307], std: [0.3081] });
  expect([...train.labels.subarray(0, 10)]).toEqual([5, 1, 1, 4, 3, 7, 6, 0, 1, 3]);
  const { inputs, labels } = await train.gather([1, 0]);
  expect([...labels]).toEqual([1, 5]);
  expect(inputs[0]!.dims).toEqual([2, 1, 28, 28]);
  const fifthRow = [...(inputs[0]!.data as Uint8Array).subarray(784 + 5 * 28 + 12, 784 + 5 * 28 + 24)];
  expect(fifthRow).toEqual([3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127]);
  const test = await openIdx(sample, 'test', { classes: train.classes });
  expect(test.length).toBe(2000);
  expect([...test.labels.subarray(0, 10)]).toEqual([7, 1, 0, 5, 9, 0, 3, 2, 1, 5]);
});

test('the sample is what its README says', async () => {
  const readme = Buffer.from(await readBytes(`${sample}/README.md`)).toString();
  const rows = [...readme.matchAll(/^\| (\S+-ubyte) +\| (\w{64}) \|$/gm)];
  expect(rows.length).toBe(4);
  for (const [, name, hash] of rows) {
    const bytes = await readBytes(`${sample}/${name}.gz`);
    expect(await sha256(gunzipSync(bytes))).toBe(hash);
    expect([...bytes.subarray(4, 8)], 'time in the gzip header').toEqual([0, 0, 0, 0]);
  }
});

test('plain, packed and dotted files read alike', async () => {
  const folders = await Promise.all([
    folderOf({ [names.images]: images, [names.labels]: labels }),
    folderOf({ [`${names.images}.gz`]: gzipSync(images), [names.labels]: labels }),
    folderOf({ 'train-images.idx3-ubyte': images, 'train-labels.idx1-ubyte.gz': gzipSync(labels) }),
  ]);
  for (const folder of folders) {
    const dataset = await openIdx(folder, 'train');
    expect(dataset.inputs[0]!.dims).toEqual([1, 2, 3]);
    expect((await dataset.gather([1])).inputs[0]!.data).toEqual(Uint8Array.of(6, 7, 8, 9, 10, 11));
    expect([...dataset.labels]).toEqual([3, 1]);
    expect(dataset.classes).toBe(4);
  }
});

test('there are at least two classes', async () => {
  const folder = await folderOf({ [names.images]: images, [names.labels]: idx([2], [0, 0]) });
  expect((await openIdx(folder, 'train')).classes).toBe(2);
});

test('a label outside of the classes names file, id and label', async () => {
  const folder = await folderOf({ [names.images]: images, [names.labels]: labels });
  await expect(openIdx(folder, 'train', { classes: 3 })).rejects.toThrow(
    `Cannot use the labels of "${join(folder, names.labels)}": example 0 has label 3, expected 0 to 2`,
  );
});

test.each<[string, Partial<Record<'images' | 'labels', Uint8Array>>, 'images' | 'labels', string]>([
  [
    'wrong magic',
    { images: Uint8Array.of(0, 0, 13, 3, 0) },
    'images',
    'it starts with 00 00 0d 03, expected an IDX file',
  ],
  ['an empty file', { labels: new Uint8Array() }, 'labels', 'it starts with nothing, expected an IDX file'],
  ['a header cut off', { images: images.subarray(0, 10) }, 'images', 'it ends within its header, after 10 bytes of 16'],
  [
    'a truncated file',
    { images: images.subarray(0, 20) },
    'images',
    'it holds 4 values, but its header says 2 x 2 x 3',
  ],
  [
    'a file too long',
    { labels: Buffer.concat([labels, labels]) },
    'labels',
    'it holds 12 values, but its header says 2',
  ],
  [
    'a truncated gzip',
    { images: gzipSync(images).subarray(0, 25) },
    'images',
    'its gzip data are damaged or cut short',
  ],
  ['flat images', { images: idx([2, 6], new Uint8Array(12)) }, 'images', 'it has 2 dimensions, expected 3'],
  ['labels in two columns', { labels: idx([2, 1], [0, 1]) }, 'labels', 'it has 2 dimensions, expected 1'],
  ['no images', { images: idx([0, 28, 28], []), labels: idx([0], []) }, 'images', 'it is empty'],
  ['fewer labels than images', { labels: idx([1], [1]) }, 'labels', '2 images, but 1 labels'],
])('%s is refused with a sentence naming the file', async (_what, broken, file, reason) => {
  const folder = await folderOf({
    [names.images]: broken.images ?? images,
    [names.labels]: broken.labels ?? labels,
  });
  const error = await openIdx(folder, 'train').catch((error) => error);
  expect(error).toMatchObject({ kind: 'data' });
  expect(error.message).toContain(`"${join(folder, names[file])}"`);
  expect(error.message).toContain(reason);
});

test('missing files and folders are named', async () => {
  const folder = await folderOf({ [names.images]: images });
  await expect(openIdx(folder, 'train')).rejects.toThrow(
    `Cannot find the train labels in "${folder}": expected a file ${names.labels} or ${names.labels}.gz`,
  );
  await expect(openIdx(join(folder, 'none'), 'train')).rejects.toThrow(
    `Cannot read "${join(folder, 'none')}": no such folder`,
  );
});

test('readIdx reads a view that does not start at the beginning of its buffer', () => {
  const padded = Buffer.concat([Uint8Array.of(9, 9, 9), images]);
  expect(readIdx(padded.subarray(3), 'padded').dims).toEqual([2, 2, 3]);
});
