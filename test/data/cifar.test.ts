import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCifar } from '../../src/data/cifar.ts';
import { readCifarRows } from '../../src/data/cifarBinary.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { fingerprintData } from '../../src/data/fingerprint.ts';
import { giveLabels } from '../../src/data/givenLabels.ts';
import { contentHash } from '../../src/data/hash.ts';
import { decodeJpeg, jpegDecoder } from '../../src/data/jpeg.ts';
import { tarOf } from './tarOf.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rho-cifar-'));
});
afterAll(() => rm(root, { recursive: true }));

async function folderOf(files: Record<string, Uint8Array>, below = ''): Promise<string> {
  const folder = await mkdtemp(join(root, 'data-'));
  await mkdir(join(folder, below), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, below, name), bytes);
  return folder;
}

/** A row of the binary version: labels, then as many red, green and blue bytes of these values. */
function row(labels: number[], [red, green, blue]: [number, number, number]): Uint8Array {
  return Buffer.concat([Buffer.from(labels), ...[red, green, blue].map((value) => Buffer.alloc(1024, value))]);
}

/** Five batches of a row each, labelled 0 to 4, the images as bright. */
const batches = Object.fromEntries(
  [1, 2, 3, 4, 5].map((batch) => [`data_batch_${batch}.bin`, row([batch - 1], [batch, 10 * batch, 20 * batch])]),
);
const testBatch = { 'test_batch.bin': Buffer.concat([row([9], [1, 2, 3]), row([0], [4, 5, 6])]) };

/** A JPEG of one colour. */
function jpegOf([red, green, blue]: [number, number, number], side = 32): Uint8Array {
  const data = Buffer.alloc(side * side * 4, Uint8Array.of(red, green, blue, 255));
  return jpeg.encode({ width: side, height: side, data }, 90).data;
}

describe('the binary version', () => {
  test('five batches are one data set, in their order', async () => {
    for (const folder of [
      await folderOf({ ...batches, ...testBatch }),
      await folderOf({ ...batches, ...testBatch }, 'cifar-10-batches-bin'),
    ]) {
      const train = await openCifar(folder, 'train');
      expect([train.name, train.length, train.classes]).toEqual([`cifar:${folder}`, 5, 10]);
      expect([...train.labels]).toEqual([0, 1, 2, 3, 4]);
      expect(train.inputs).toEqual([{ dtype: 'uint8', dims: [3, 32, 32] }]);
      expect(train.preprocessing).toEqual({
        kind: 'standardize',
        scale: 1 / 255,
        mean: [0.4914, 0.4822, 0.4465],
        std: [0.247, 0.2435, 0.2616],
      });
      const { inputs, labels } = await train.gather([3, 0]);
      expect([...labels]).toEqual([3, 0]);
      const data = inputs[0]!.data as Uint8Array;
      expect([0, 1023, 1024, 2047, 2048, 3071, 3072, 4096, 5120].map((at) => data[at])).toEqual([
        4, 4, 40, 40, 80, 80, 1, 10, 20,
      ]);
      expect(train.decoder).toBeUndefined();
      expect([...(await openCifar(folder, 'test', { classes: 10 })).labels]).toEqual([9, 0]);
    }
  });

  test('packed batches and single files read alike', async () => {
    const packed = Object.fromEntries(Object.entries(batches).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]));
    const [plain, gz] = [await folderOf(batches), await folderOf(packed)];
    expect(await fingerprintData(await openCifar(gz, 'train'))).toBe(
      await fingerprintData(await openCifar(plain, 'train')),
    );
    const one = await openCifar(join(gz, 'data_batch_3.bin.gz'), 'test');
    expect([one.length, one.labels[0], one.classes]).toEqual([1, 2, 10]);
  });

  test('CIFAR-100 has two label bytes, of which the second counts', async () => {
    const folder = await folderOf({ 'train.bin': row([3, 99], [7, 8, 9]), 'test.bin': row([0, 1], [1, 1, 1]) });
    const train = await openCifar(folder, 'train');
    expect([train.classes, ...train.labels]).toEqual([100, 99]);
    expect((await train.gather([0])).inputs[0]!.data[0]).toBe(7);
    expect((await openCifar(join(folder, 'test.bin'), 'test')).labels[0]).toBe(1);
  });

  test('the hash is that of the images without their labels', async () => {
    const [a, b] = [await folderOf({ 'a.bin': row([1], [1, 2, 3]) }), await folderOf({ 'b.bin': row([2], [1, 2, 3]) })];
    const [first, second] = [await openCifar(join(a, 'a.bin'), 'train'), await openCifar(join(b, 'b.bin'), 'train')];
    expect(first.contentHash).toBe(second.contentHash);
    expect(first.contentHash).toBe(await contentHash([row([1], [1, 2, 3]).subarray(1)]));
    expect(await fingerprintData(first)).not.toBe(await fingerprintData(second));
  });

  test.each<[string, Uint8Array]>([
    ['a truncated file', row([0], [0, 0, 0]).subarray(0, 3000)],
    ['a file too long by a byte', Buffer.concat([row([0], [0, 0, 0]), Uint8Array.of(0)])],
    ['an empty file', new Uint8Array()],
  ])('%s is refused with its size', (_what, bytes) => {
    expect(() => readCifarRows(bytes, 1, 'x.bin')).toThrow(
      `Cannot read "x.bin": it holds ${bytes.length} bytes, expected rows of 3073: 1 of labels and 3072 of pixels`,
    );
  });

  test('labels above 9, missing batches and missing files are named', async () => {
    const wrong = join(await folderOf({ 'x.bin': row([10], [0, 0, 0]) }), 'x.bin');
    await expect(openCifar(wrong, 'train')).rejects.toThrow(
      `Cannot use the labels of "${wrong}": example 0 has label 10, expected 0 to 9`,
    );
    const { 'data_batch_4.bin': _, ...four } = batches;
    const folder = await folderOf(four);
    await expect(openCifar(folder, 'train')).rejects.toThrow(`Cannot find "data_batch_4.bin" in "${folder}"`);
    await expect(openCifar(folder, 'test')).rejects.toThrow(
      /^Cannot find CIFAR's test data in ".*": expected test_batch\.bin; or test\.bin; or cifar10-test-jpeg\.tar; plain or \.gz$/,
    );
    await expect(openCifar(join(root, 'none'), 'train')).rejects.toThrow('no such file or folder');
    await expect(openCifar('package.json', 'train')).rejects.toThrow('Cannot use "package.json" as CIFAR');
  });
});

describe('an archive of JPEGs', () => {
  const frog = jpegOf([200, 100, 50]);
  const truck = jpegOf([10, 20, 200]);

  test('training ids are the numbers of the names, whatever the order in the archive', async () => {
    const archive = tarOf([
      ['train/00001_truck.jpg', truck],
      ['train/._00001_truck.jpg', Buffer.from('attributes')],
      ['train/00000_frog.jpg', frog],
      ['README.txt', Buffer.from('pictures')],
    ]);
    const folder = await folderOf({ 'cifar10-train-jpeg.tar.gz': gzipSync(archive) });
    const train = await openCifar(folder, 'train');
    expect([...train.labels]).toEqual([6, 9]);
    expect([train.classes, train.decoder]).toEqual([10, jpegDecoder]);
    expect(train.contentHash).toBe(await contentHash([frog, truck]));
    const data = (await train.gather([0])).inputs[0]!.data as Uint8Array;
    // One colour survives JPEG to within its rounding.
    for (const [channel, value] of [200, 100, 50].entries())
      for (const pixel of [0, 500, 1023]) expect(Math.abs(data[1024 * channel + pixel]! - value)).toBeLessThan(4);
  });

  test('test ids follow the order of names', async () => {
    const archive = tarOf([
      ['test/truck_0000.jpg', truck],
      ['test/frog_0001.jpg', frog],
      ['test/frog_0000.jpg', truck],
    ]);
    const folder = await folderOf({ 'cifar10-test-jpeg.tar': archive });
    const test = await openCifar(folder, 'test');
    expect([...test.labels]).toEqual([6, 6, 9]);
    expect(test.contentHash).toBe(await contentHash([truck, frog, truck]));
    expect((await openCifar(join(folder, 'cifar10-test-jpeg.tar'), 'test')).length).toBe(3);
  });

  test.each<[string, [string, Uint8Array][], string]>([
    [
      'a gap in the numbers',
      [
        ['00000_frog.jpg', frog],
        ['00002_truck.jpg', truck],
      ],
      'image 1 in order is "00002_truck.jpg"',
    ],
    [
      'a number twice',
      [
        ['a/00000_frog.jpg', frog],
        ['b/00000_cat.jpg', truck],
      ],
      'numbered from 0 without gaps',
    ],
    [
      'names of both kinds',
      [
        ['00000_frog.jpg', frog],
        ['truck_0001.jpg', truck],
      ],
      'or CLASS_KKKK.jpg throughout',
    ],
    ['an unknown class', [['00000_toad.jpg', frog]], 'Cannot use "00000_toad.jpg" in'],
    ['no images', [['readme', frog]], 'it holds no images'],
    ['another size', [['00000_frog.jpg', jpegOf([1, 2, 3], 16)]], 'it has 16 x 16 pixels, expected 32 x 32'],
    ['a truncated image', [['00000_frog.jpg', frog.subarray(0, 300)]], 'Cannot decode the image "00000_frog.jpg in '],
    [
      'no image at all',
      [['00000_frog.jpg', Buffer.from('not a picture')]],
      'Cannot decode the image "00000_frog.jpg in ',
    ],
  ])('%s is refused', async (_what, files, reason) => {
    const folder = await folderOf({ 'x.tar': tarOf(files) });
    const error = await openCifar(join(folder, 'x.tar'), 'train').catch((error) => error);
    expect(error).toMatchObject({ kind: 'data' });
    expect(error.message).toContain(reason);
  });

  test('the decoder that is named is the one installed', async () => {
    const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(jpegDecoder).toBe(`jpeg-js ${dependencies['jpeg-js']}`);
  });

  test('planes lie one after the other', () => {
    const planes = new Uint8Array(3072);
    decodeJpeg(truck, 'truck', { height: 32, width: 32 }, planes);
    expect(planes[2048]! - planes[0]!).toBeGreaterThan(150);
  });
});

const folder = process.env.RHO_DATA;
describe.skipIf(!folder)('CIFAR-10 itself (skipped unless RHO_DATA names the folder of public data)', () => {
  const cifar = join(folder ?? '', 'cifar10');
  let decoded: Dataset;
  beforeAll(async () => {
    decoded = await openCifar(cifar, 'train');
  });

  test('the exact rows have the class counts that their makers give', async () => {
    const rows = await openCifar(join(cifar, 'cifar10-train-exact-rows-0-2999.bin.gz'), 'train');
    const counts = new Array<number>(10).fill(0);
    for (const label of rows.labels) counts[label]!++;
    expect(counts).toEqual([299, 287, 322, 285, 311, 279, 312, 297, 308, 300]);
  });

  test('decoded images are the exact ones up to what JPEG lost: PSNR about 30 dB, the same labels', async () => {
    const exact = await openCifar(join(cifar, 'cifar10-train-exact-rows-0-2999.bin.gz'), 'train');
    expect([decoded.length, decoded.classes]).toEqual([50_000, 10]);
    expect(decoded.labels.subarray(0, 3000)).toEqual(exact.labels);
    const ids = Array.from(exact.labels.keys());
    const [a, b] = await Promise.all([exact, decoded].map(async (data) => (await data.gather(ids)).inputs[0]!.data));
    const psnr = ids.map((id) => {
      let squares = 0;
      for (let at = 3072 * id; at < 3072 * (id + 1); at++) squares += (Number(a![at]) - Number(b![at])) ** 2;
      return 10 * Math.log10(255 ** 2 / (squares / 3072));
    });
    // Pillow gives 30.5 and 23.1: it smooths the halved colour planes.
    expect(psnr.reduce((sum, value) => sum + value) / psnr.length).toBeCloseTo(30.1, 1);
    expect(Math.min(...psnr)).toBeGreaterThan(21);
  });

  test('the test archive has 1,000 images of each class', async () => {
    const { labels } = await openCifar(cifar, 'test', { classes: 10 });
    expect(labels).toEqual(Int32Array.from({ length: 10_000 }, (_, id) => Math.floor(id / 1000)));
  });

  test('shares of wrong labels in CIFAR-10N are the published ones', async () => {
    const shares = await Promise.all(
      ['clean', 'aggre', 'random1', 'worse'].map(async (column) => {
        const { labels, trueLabels } = await giveLabels(
          decoded,
          `${join(folder!, 'cifar10n/cifar10n-labels.csv.gz')}:${column}`,
        );
        return labels.filter((label, id) => label !== trueLabels![id]).length / labels.length;
      }),
    );
    expect(shares.map((share) => share.toFixed(4))).toEqual(['0.0000', '0.0901', '0.1723', '0.4021']);
  });
});
