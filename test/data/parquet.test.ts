import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { memoryFile } from '../../src/data/byteFile.ts';
import { contentHash } from '../../src/data/hash.ts';
import { openData } from '../../src/data/open.ts';
import { openParquet } from '../../src/data/parquet.ts';
import { openParquetFile } from '../../src/data/parquetFile.ts';
import { parquetImages } from '../../src/data/parquetImages.ts';
import { openText } from '../../src/data/text.ts';
import { dataFolders } from './dataFolders.ts';
import { imageOf } from './imagesOf.ts';
import { huggingFace, imagesParquet, textsParquet, zstdOf } from './parquetOf.ts';

const folderOf = dataFolders();

const images = await Promise.all(
  Array.from({ length: 7 }, (_, at) => imageOf(at % 2 === 0 ? 'png' : 'webp', [30 * at, 255 - 30 * at, 7])),
);
const labels = [0, 1, 2, 0, 1, 2, 2];
const names = ['cat', 'dog', 'owl'];
const parts = {
  'data/train-00000-of-00002.parquet': imagesParquet(images.slice(0, 5), labels.slice(0, 5), {
    rowGroupSize: 2,
    kvMetadata: huggingFace(names),
  }),
  'data/train-00001-of-00002.parquet': imagesParquet(images.slice(5), labels.slice(5)),
  'data/test-00000-of-00001.parquet': imagesParquet(images.slice(2, 4), [1, 2], { kvMetadata: huggingFace(names) }),
};

describe('images', () => {
  test('several files of row groups are one data set with the names of its classes', async () => {
    const folder = await folderOf(parts);
    const train = await openParquet(folder, 'train');
    expect([train.name, train.length, train.classes, train.classNames]).toEqual([`parquet:${folder}`, 7, 3, names]);
    expect([...train.labels]).toEqual(labels);
    expect(train.inputs).toEqual([{ dtype: 'uint8', dims: [3, 8, 8] }]);
    expect(train.contentHash).toBe(await contentHash(images));
    expect(await train.hashOfFirst(6)).toBe(await contentHash(images.slice(0, 6)));
    const { inputs, labels: batch } = await train.gather([6, 0, 3, 4]);
    const reds = [0, 1, 2, 3].map((image) => inputs[0]!.data[192 * image]);
    expect([reds, [...batch]]).toEqual([
      [180, 0, 90, 120],
      [2, 0, 0, 1],
    ]);
    expect(await train.imageOf!(3)).toEqual({ bytes: images[3], type: 'image/webp' });
    const test = await openParquet(folder, 'test', { classes: 3, classNames: names });
    expect([[...test.labels], test.classNames]).toEqual([[1, 2], names]);
    await expect(openParquet(folder, 'test', { classNames: ['a', 'b'] })).rejects.toThrow(
      'they are cat, dog, owl, those of the training data are a, b',
    );
  });

  test.each(['img', 'pixel_values'])('bytes alone in a column %s, labelled by another', async (column) => {
    const columnData = [
      { name: column, data: images.slice(0, 3), type: 'BYTE_ARRAY' as const, nullable: false },
      { name: 'fine_label', data: Int32Array.of(4, 0, 1) },
      { name: 'coarse_label', data: Int32Array.of(0, 0, 0) },
    ];
    const folder = await folderOf({ 'train.parquet': new Uint8Array(parquetWriteBuffer({ columnData })) });
    const train = await openParquet(join(folder, 'train.parquet'), 'train', { imageSize: 4 });
    expect([[...train.labels], train.inputs[0]!.dims, train.classNames]).toEqual([[4, 0, 1], [3, 4, 4], undefined]);
    expect(train.contentHash).toBe(await contentHash(images.slice(0, 3)));
    expect((await train.gather([2])).inputs[0]!.data[0]).toBe(60);
  });

  test('a damaged image and a row without bytes are named', async () => {
    const damaged = [...images.slice(0, 2), images[2]!.subarray(0, 60)];
    const folder = await folderOf({ 'train.parquet': imagesParquet(damaged, [0, 1, 0]) });
    const file = join(folder, 'train.parquet');
    await expect((await openParquet(folder, 'train')).gather([0, 2])).rejects.toThrow(
      `Cannot decode the image "row 3 of ${file}": `,
    );
    const missing = await folderOf({ 'x.parquet': imagesParquet([images[0]!, null as never], [0, 1]) });
    await expect(openParquet(join(missing, 'x.parquet'), 'train')).rejects.toThrow(
      `Cannot read the image in row 2 of ${join(missing, 'x.parquet')}: its column image holds no bytes`,
    );
  });

  test('ascending ids read each row group once, and what was read last is kept', async () => {
    const bytes = imagesParquet(images, labels, { rowGroupSize: 2 });
    const file = await openParquetFile(memoryFile('x', bytes));
    const read: number[] = [];
    const { encoded } = parquetImages(
      [
        {
          ...file,
          readColumn(column, block) {
            read.push(block.rowStart);
            return file.readColumn(column, block);
          },
        },
      ],
      'image',
    );
    for (const id of [0, 1, 2, 3, 4, 5, 6, 6, 3]) expect(await encoded(id)).toEqual(images[id]);
    expect(read).toEqual([0, 2, 4, 6]);
  });

  test('a large row group is read by its pages, and what is not used lately is read again', async () => {
    const large = Array.from({ length: 40 }, (_, at) => new Uint8Array(2 ** 21).fill(at));
    const bytes = imagesParquet(large, new Array(40).fill(0), { codec: 'UNCOMPRESSED', pageSize: 2 ** 22 });
    const file = await openParquetFile(memoryFile('x', bytes));
    const blocks = file.blocksOf('image');
    expect(blocks.length).toBe(6);
    expect(blocks.map(({ rowStart, rowEnd }) => rowEnd - rowStart).reduce((sum, rows) => sum + rows)).toBe(40);
    const read: number[] = [];
    const heavy = {
      ...file,
      blocksOf: () => blocks.map((block) => ({ ...block, bytes: 2 ** 27 })),
      readColumn: (column: string, block: { rowStart: number; rowEnd: number }) => {
        read.push(block.rowStart);
        return file.readColumn(column, block);
      },
    };
    const { encoded } = parquetImages([heavy], 'image');
    for (const id of [0, 39, 1, 20, 38]) expect((await encoded(id))[5]).toBe(id);
    const starts = [0, 39, 20, 38].map((id) => blocks.find(({ rowEnd }) => id < rowEnd)!.rowStart);
    expect(read).toEqual(starts);
  });
});

describe('texts', () => {
  const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'good', 'bad', 'film', '.'].join('\n');
  const texts = ['good film', 'bad "film" .', 'good\tbad'];

  test('the ids and hashes are those of other files with the same texts', async () => {
    const folder = await folderOf({
      'vocab.txt': vocabulary,
      'train-00000-of-00001.parquet': textsParquet(texts, [1, 0, 1], { kvMetadata: huggingFace(['neg', 'pos']) }),
      'validation.parquet': textsParquet(['bad'], [0]),
      'test.parquet': textsParquet(['film'], [-1]),
      'train.jsonl': texts.map((text, id) => JSON.stringify({ label: [1, 0, 1][id], text })).join('\n'),
    });
    const [parquet, jsonl] = [
      await openParquet(folder, 'train', { tokens: 8 }),
      await openText('jsonl', folder, 'train', { tokens: 8 }),
    ];
    expect(await parquet.gather([2, 1, 0])).toEqual(await jsonl.gather([2, 1, 0]));
    expect([parquet.contentHash, parquet.decoder]).toEqual([jsonl.contentHash, jsonl.decoder]);
    expect([parquet.textOf!(1), parquet.classNames]).toEqual([texts[1], ['neg', 'pos']]);
    expect((await openParquet(folder, 'test')).length).toBe(1);
    await expect(openParquet(join(folder, 'test.parquet'), 'test')).rejects.toThrow(
      `row 1 of ${join(folder, 'test.parquet')} has -1, expected a whole number from 0 up`,
    );
  });

  test('labels that are names become their places in order, in test data as in training data', async () => {
    const folder = await folderOf({
      'vocab.txt': vocabulary,
      'train.parquet': textsParquet(texts, ['sport', 'art', 'sport']),
      'test.parquet': textsParquet(['good'], ['sport']),
    });
    const train = await openParquet(folder, 'train');
    expect([[...train.labels], train.classNames]).toEqual([
      [1, 0, 1],
      ['art', 'sport'],
    ]);
    const { classes, classNames } = train;
    expect([...(await openParquet(folder, 'test', { classes, classNames: classNames! })).labels]).toEqual([1]);
  });

  test.each([
    ['SNAPPY', undefined],
    ['UNCOMPRESSED', undefined],
    ['ZSTD', zstdOf],
    ['GZIP', (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes))],
  ] as const)('compression by %s is read', async (codec, compressor) => {
    const compressors = compressor && { [codec]: compressor };
    const many = Array.from({ length: 3000 }, (_, row) => `good film ${row} ${'bad '.repeat(row % 50)}`);
    const bytes = textsParquet(
      many,
      many.map((_, row) => row % 2),
      { codec, ...(compressors && { compressors }) },
    );
    const folder = await folderOf({ 'vocab.txt': vocabulary, 'x.parquet': bytes });
    const data = await openParquet(join(folder, 'x.parquet'), 'train', { tokens: 4 });
    expect([data.length, data.textOf!(2999)]).toEqual([3000, many[2999]]);
  });
});

test('what is missing or no Parquet is named', async () => {
  const folder = await folderOf({ 'data/train-00000-of-00002.parquet': imagesParquet(images, labels) });
  await expect(openParquet(folder, 'train')).rejects.toThrow(
    `Cannot use "${join(folder, 'data')}": it has 1 of the 2 files that "train-00000-of-00002.parquet" is one of`,
  );
  await expect(openParquet(folder, 'test')).rejects.toThrow(
    `Cannot find the test data in "${folder}": expected validation-*.parquet or dev-*.parquet or`,
  );
  await expect(openParquet(join(folder, 'none'), 'train')).rejects.toThrow('no such file or folder');
  const other = await folderOf({
    'a.parquet': 'PAR1 no',
    'b.parquet': new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'x', data: Int32Array.of(1) }] })),
    'c.parquet': imagesParquet(images, labels).subarray(0, -50),
  });
  for (const name of ['a.parquet', 'c.parquet'])
    await expect(openParquet(join(other, name), 'train')).rejects.toThrow(
      `Cannot read "${join(other, name)}" as Parquet: `,
    );
  await expect(openParquet(join(other, 'b.parquet'), 'train')).rejects.toThrow('its columns are x, expected one of');
});

test('images take no --tokens, texts no --image-size', async () => {
  const folder = await folderOf({ 'i.parquet': imagesParquet(images, labels), 't.parquet': textsParquet(['a'], [0]) });
  await expect(openData(`parquet:${join(folder, 'i.parquet')}`, 'train', { tokens: 3 })).rejects.toMatchObject({
    kind: 'usage',
    message: `Cannot use --tokens with data "parquet:${join(folder, 'i.parquet')}": its examples are images`,
  });
  await expect(openData(`parquet:${join(folder, 't.parquet')}`, 'train', { imageSize: 3 })).rejects.toThrow(
    'its examples are texts',
  );
});
