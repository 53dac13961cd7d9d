import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { addLabelNoise } from '../../src/data/labelNoise.ts';
import { memoryDataset } from '../../src/data/memoryDataset.ts';
import { openData } from '../../src/data/open.ts';
import type { OpenOptions } from '../../src/data/opener.ts';
import { dataFolders } from './dataFolders.ts';
import { imageOf } from './imagesOf.ts';
import { npyOf } from './npyOf.ts';
import { imagesParquet, textsParquet } from './parquetOf.ts';
import { tarOf } from './tarOf.ts';

const folderOf = dataFolders();

const total = 12;
const label = (id: number) => id % 3;
const bytesFrom = (count: number, size: number, seed: number) =>
  Uint8Array.from({ length: count * size }, (_, at) => (at * at * seed + at) % 256);
const labelsOf = (count: number) => Uint8Array.from({ length: count }, (_, id) => label(id));
const textsOf = (count: number) => Array.from({ length: count }, (_, id) => `word ${'é'.repeat(id)} ${id}`);
const vocabulary = '[PAD]\n[UNK]\n[CLS]\n[SEP]\nword\n';
const idxOf = (dims: number[], values: Uint8Array) =>
  Buffer.concat([Uint8Array.of(0, 0, 8, dims.length, ...dims.flatMap((dim) => [0, 0, 0, dim])), values]);
const images = await Promise.all(
  Array.from({ length: total }, (_, id) => imageOf('jpeg', [20 * id, 10, 5], { width: 32, height: 32 })),
);
const numbered = (id: number) => `${id}`.padStart(5, '0');

/** The files of the first `count` examples, for each format. */
const formats: Record<string, { spec: string; files: (count: number) => Record<string, Uint8Array | string> }> = {
  idx: {
    spec: 'idx:',
    files: (count) => ({
      'train-images-idx3-ubyte': idxOf([count, 3, 2], bytesFrom(count, 6, 7)),
      'train-labels-idx1-ubyte': idxOf([count], labelsOf(count)),
    }),
  },
  'cifar rows': {
    spec: 'cifar:/x.bin',
    files: (count) => ({
      'x.bin': Buffer.concat(
        Array.from({ length: count }, (_, id) => [Uint8Array.of(label(id)), bytesFrom(1, 3072, id + 1)]).flat(),
      ),
    }),
  },
  'cifar JPEGs': {
    spec: 'cifar:/x.tar',
    files: (count) => ({
      'x.tar': tarOf(Array.from({ length: count }, (_, id) => [`${numbered(id)}_cat.jpg`, images[id]!])),
    }),
  },
  npy: {
    spec: 'npy:',
    files: (count) => ({
      'x_train.npy': npyOf(
        '<f4',
        [count, 2],
        Float32Array.from({ length: 2 * count }, (_, at) => at / 8),
      ),
      'y_train.npy': npyOf('|u1', [count], labelsOf(count)),
    }),
  },
  images: {
    spec: 'images:',
    files: (count) => ({
      ...Object.fromEntries(Array.from({ length: count }, (_, id) => [`${id}.jpg`, images[id]!])),
      'train.txt': Array.from({ length: count }, (_, id) => `${id}.jpg ${label(id)}`).join('\n'),
    }),
  },
  'parquet of images': {
    spec: 'parquet:',
    files: (count) => ({
      'train.parquet': imagesParquet(images.slice(0, count), [...labelsOf(count)], { rowGroupSize: 5 }),
    }),
  },
  'parquet of texts': {
    spec: 'parquet:',
    files: (count) => ({
      'train.parquet': textsParquet(textsOf(count), [...labelsOf(count)]),
      'vocab.txt': vocabulary,
    }),
  },
  tsv: {
    spec: 'tsv:',
    files: (count) => ({
      'train.tsv': `text\tlabel\n${textsOf(count)
        .map((text, id) => `${text}\t${label(id)}\n`)
        .join('')}`,
      'vocab.txt': vocabulary,
    }),
  },
  jsonl: {
    spec: 'jsonl:',
    files: (count) => ({
      'train.jsonl': textsOf(count)
        .map((text, id) => JSON.stringify({ text, label: label(id) }))
        .join('\n'),
      'vocab.txt': vocabulary,
    }),
  },
};

describe.each(Object.entries(formats))('%s', (_name, { spec, files }) => {
  async function open(count: number, options: OpenOptions = {}): Promise<Dataset> {
    const [format, file = ''] = spec.split(':');
    return openData(`${format}:${(await folderOf(files(count))) + file}`, 'train', options);
  }

  test('the hash of the first is that of data which they alone are', async () => {
    const whole = await open(total);
    expect(await whole.hashOfFirst(total)).toBe(whole.contentHash);
    for (const first of [1, 5, 11]) expect(await whole.hashOfFirst(first)).toBe((await open(first)).contentHash);
    await expect(whole.hashOfFirst(13)).rejects.toThrow(`Cannot hash the first 13 examples of "${whole.name}"`);
  });

  test('it stays under other labels', async () => {
    const whole = await open(total);
    const noisy = addLabelNoise(whole, 'flip:0.5', 0);
    expect(noisy.labels).not.toEqual(whole.labels);
    expect(await noisy.hashOfFirst(7)).toBe(await whole.hashOfFirst(7));
  });

  test('from the disk the data are the same', async () => {
    const [memory, disk] = [await open(total), await open(total, { inMemory: 0 })];
    expect([disk.contentHash, disk.labels]).toEqual([memory.contentHash, memory.labels]);
    const ids = [3, 11, 0, 4, 5, 5];
    expect(await disk.gather(ids)).toEqual(await memory.gather(ids));
    expect(await disk.hashOfFirst(4)).toBe(await memory.hashOfFirst(4));
    await expect(disk.gather([0, 12])).rejects.toThrow(`Cannot read example 12 of "${disk.name}": its ids are 0 to 11`);
  });
});

test('in memory it holds for any arrays and any length', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 2, maxLength: 40 }), fc.nat(), async (bytes, pick) => {
      const data = bytes.subarray(0, bytes.length - (bytes.length % 2));
      const count = data.length / 2;
      const first = pick % (count + 1);
      const of = (length: number) =>
        memoryDataset({
          name: 'x',
          classes: 2,
          inputs: [
            { dtype: 'uint8', dims: [2], data: data.subarray(0, 2 * length) },
            { dtype: 'int32', dims: [], data: Int32Array.from(data.subarray(0, length)) },
          ],
          labels: new Int32Array(length),
          preprocessing: { kind: 'none' },
        });
      expect(await (await of(count)).hashOfFirst(first)).toBe((await of(first)).contentHash);
    }),
  );
});
