import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { openCifar } from '../../src/data/cifar.ts';
import { fingerprintData } from '../../src/data/fingerprint.ts';
import { readUnpacked } from '../../src/data/gunzip.ts';
import { contentHash } from '../../src/data/hash.ts';
import { openImageDecoder, writePlanes } from '../../src/data/imageDecoder.ts';
import { openImages } from '../../src/data/images.ts';
import { openData, requireTestBeside } from '../../src/data/open.ts';
import { readTar } from '../../src/data/tar.ts';
import { dataFolders } from './dataFolders.ts';
import { imageOf, pngOf } from './imagesOf.ts';

const folderOf = dataFolders();

const red = await imageOf('png', [255, 0, 0]);
const green = await imageOf('webp', [0, 255, 0]);
const grey = await imageOf('jpeg', [90, 90, 90]);

describe('folders of classes', () => {
  test('classes are the sorted names of folders, ids follow class and file by code unit', async () => {
    const folder = await folderOf({
      'train/dog/b.JPG': grey,
      'train/dog/Z.jpeg': grey,
      'train/cat/10.png': red,
      'train/cat/9.webp': green,
      'train/cat/._9.webp': 'attributes',
      'train/cat/notes.txt': 'text',
      'train/.hidden/x.png': red,
      'val/dog/1.png': red,
    });
    const train = await openImages(folder, 'train');
    expect([train.name, train.length, train.classes, train.classNames]).toEqual([
      `images:${folder}`,
      4,
      2,
      ['cat', 'dog'],
    ]);
    expect([...train.labels]).toEqual([0, 0, 1, 1]);
    expect(train.inputs).toEqual([{ dtype: 'uint8', dims: [3, 8, 8] }]);
    expect(train.preprocessing).toEqual({
      kind: 'standardize',
      scale: 1 / 255,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
    expect(train.decoder).toMatch(/^sharp \d+\.\d+\.\d+ libvips \d+\.\d+\.\d+$/);
    expect(train.contentHash).toBe(await contentHash([red, green, grey, grey]));
    const { inputs, labels } = await train.gather([3, 1, 0]);
    expect([inputs[0]!.dims, [...labels]]).toEqual([
      [3, 3, 8, 8],
      [1, 0, 0],
    ]);
    const data = inputs[0]!.data as Uint8Array;
    const corners = (image: number) => [0, 63, 64, 127, 128, 191].map((at) => data[192 * image + at]);
    expect([corners(0), corners(1), corners(2)]).toEqual([
      [90, 90, 90, 90, 90, 90],
      [0, 0, 255, 255, 0, 0],
      [255, 255, 0, 0, 0, 0],
    ]);
    expect(await train.imageOf!(1)).toEqual({ bytes: green, type: 'image/webp' });
    const { classNames } = train;
    const val = await openImages(folder, 'test', { classes: 2, classNames: classNames! });
    expect([[...val.labels], val.classes]).toEqual([[1], 2]);
  });

  test('test data have no classes of their own', async () => {
    const folder = await folderOf({ 'train/a/1.png': red, 'train/c/1.png': red, 'test/b/1.png': red });
    const { classNames } = await openImages(folder, 'train');
    await expect(openImages(folder, 'test', { classNames: classNames! })).rejects.toThrow(
      `Cannot use the class "b" in "${join(folder, 'test')}": those of the training data are a, c`,
    );
  });

  test('classes alone are data of either part, beside which no test data lie', async () => {
    const folder = await folderOf({ 'train/1.png': red, 'boat/1.png': green });
    expect((await openImages(folder, 'train')).classNames).toEqual(['boat', 'train']);
    expect((await openImages(folder, 'test')).length).toBe(2);
    await expect(requireTestBeside(`images:${folder}`)).rejects.toThrow(
      `Cannot find test data beside "images:${folder}": its folders are classes, name the test data with --test`,
    );
    const split = await folderOf({ 'train/a/1.png': red });
    await requireTestBeside(`images:${split}`);
    await expect(openImages(split, 'test')).rejects.toThrow(
      `Cannot find the test images in "${split}": expected a folder val, validation, test with a folder for each class, or a list val.txt`,
    );
  });

  test('nothing, an empty class and no images are named', async () => {
    await expect(openImages(join(await folderOf({}), 'none'), 'train')).rejects.toThrow('no such file or folder');
    const empty = await folderOf({ 'train/a/1.png': red, 'train/b/1.bmp': red });
    await expect(openImages(empty, 'train')).rejects.toThrow(`Cannot use the class "b" in "${join(empty, 'train')}"`);
    const flat = await folderOf({ '1.png': red });
    await expect(openImages(flat, 'train')).rejects.toThrow(`Cannot find images in "${flat}"`);
  });
});

describe('lists', () => {
  test('ids are the lines, paths may hold spaces, labels are numbers or names', async () => {
    const folder = await folderOf({
      'images/0/a b.png': red,
      'images/1/c.png': green,
      'train.txt': 'images/1/c.png 3\r\n\nimages/0/a b.png\t0\n',
      'test.txt': 'images/0/a b.png shirt\n',
      'clean.txt': 'images/1/c.png shirt\nimages/0/a b.png coat\n',
    });
    const train = await openImages(folder, 'train');
    expect([[...train.labels], train.classes, train.classNames]).toEqual([[3, 0], 4, undefined]);
    expect(train.contentHash).toBe(await contentHash([green, red]));
    const clean = await openImages(join(folder, 'clean.txt'), 'train');
    expect([[...clean.labels], clean.classNames]).toEqual([
      [1, 0],
      ['coat', 'shirt'],
    ]);
    const { classNames } = clean;
    expect([...(await openImages(folder, 'test', { classes: 2, classNames: classNames! })).labels]).toEqual([1]);
    await expect(openImages(folder, 'test', { classes: 4 })).rejects.toThrow(
      'they are names such as "shirt", those of the training data are numbers',
    );
    await expect(requireTestBeside(`images:${join(folder, 'clean.txt')}`)).rejects.toThrow('it is one file');
  });

  test('a line without a label and a file that is not there are named', async () => {
    const folder = await folderOf({ 'train.txt': 'a.png\n', 'other.txt': 'a.png 0\nb.png 1\n', 'a.png': red });
    await expect(openImages(folder, 'train')).rejects.toThrow('line 1 is "a.png", expected a path and a label');
    await expect(openImages(join(folder, 'other.txt'), 'train')).rejects.toThrow(
      `Cannot read "${join(folder, 'b.png')}": no such file`,
    );
  });
});

describe('sizes', () => {
  test('all have that of the first, or are brought to one', async () => {
    const large = await imageOf('jpeg', [10, 200, 30], { width: 64, height: 40 });
    const folder = await folderOf({ 'a/1.png': red, 'a/2.jpg': large });
    const asTheyAre = await openImages(folder, 'train');
    await expect(asTheyAre.gather([1])).rejects.toThrow(
      `Cannot use the image "${join(folder, 'a/2.jpg')}": it has 64 x 40 pixels, the first has 8 x 8; bring all to one size with --image-size, such as --image-size 224`,
    );
    const resized = await openImages(folder, 'train', { imageSize: 16 });
    expect(resized.decoder).toMatch(/, shorter side 18 linear, centre 16$/);
    expect(await fingerprintData(resized)).toBe(await fingerprintData(asTheyAre));
    expect(resized.contentHash).toBe(asTheyAre.contentHash);
    const { inputs } = await resized.gather([1]);
    expect(inputs[0]!.dims).toEqual([1, 3, 16, 16]);
    for (const [channel, value] of [10, 200, 30].entries())
      for (const pixel of [0, 128, 255])
        expect(Math.abs(Number(inputs[0]!.data[256 * channel + pixel]) - value)).toBeLessThan(5);
  });

  test('the middle is cut out: of a ramp, the values that a hand works out', async () => {
    // 48 x 24, each column twice its place; brought to 37 x 18, of which columns 10 to 25 stay.
    const ramp = await pngOf(
      Array.from({ length: 48 * 24 }, (_, at) => 2 * (at % 48)),
      { width: 48, height: 24, channels: 1 },
    );
    const { decode } = await openImageDecoder(16);
    const image = await decode(ramp, 'ramp');
    expect([image.width, image.height]).toEqual([16, 16]);
    // The centre of column 10 is at 10.5 * 48 / 36 - 0.5 = 13.5 of the original, whose value is 27.
    for (const column of [0, 7, 15])
      expect(Math.abs(image.data[image.channels * column]! - (27 + (column * 2 * 48) / 36))).toBeLessThan(1.5);
  });

  test('an image that has the size is not touched', async () => {
    const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => (at * 37) % 256);
    const noise = await pngOf(pixels, { width: 16, height: 16, channels: 3 });
    const image = await (await openImageDecoder(16)).decode(noise, 'noise');
    expect(new Uint8Array(image.data)).toEqual(pixels);
  });

  test('other formats do not take --image-size', async () => {
    await expect(openData('idx:data/mnist-sample', 'train', { imageSize: 28 })).rejects.toMatchObject({
      kind: 'usage',
      message:
        'Cannot use --image-size with data "idx:data/mnist-sample": it is for encoded images, such as images:photos/',
    });
  });
});

describe('the decoder', () => {
  async function planesOf(bytes: Uint8Array): Promise<[dims: number[], planes: number[]]> {
    const image = await (await openImageDecoder(null)).decode(bytes, 'x');
    const planes = new Uint8Array(3 * image.width * image.height);
    writePlanes(image, planes);
    return [[image.width, image.height], [...planes]];
  }

  test('grey is the same in all channels, alpha is left away', async () => {
    const two = { width: 2, height: 1 } as const;
    expect(await planesOf(await pngOf([7, 200], { ...two, channels: 1 }))).toEqual([
      [2, 1],
      [7, 200, 7, 200, 7, 200],
    ]);
    expect(await planesOf(await pngOf([7, 0, 200, 9], { ...two, channels: 2 }))).toEqual([
      [2, 1],
      [7, 200, 7, 200, 7, 200],
    ]);
    expect(await planesOf(await pngOf([1, 2, 3, 0, 4, 5, 6, 128], { ...two, channels: 4 }))).toEqual([
      [2, 1],
      [1, 4, 2, 5, 3, 6],
    ]);
  });

  test('an image is turned as its EXIF says', async () => {
    const upright = await pngOf([1, 2, 3, 4, 5, 6], { width: 3, height: 2, channels: 1 });
    const turned = await sharp(upright).withMetadata({ orientation: 6 }).png().toBuffer();
    const [dims, planes] = await planesOf(turned);
    expect([dims, planes.slice(0, 6)]).toEqual([
      [2, 3],
      [4, 1, 5, 2, 6, 3],
    ]);
  });

  test.each(['jpeg', 'png', 'webp'] as const)('a truncated %s is an error that names the file', async (kind) => {
    const noise = await pngOf(
      Array.from({ length: 3072 }, (_, at) => (at * at) % 251),
      { width: 32, height: 32, channels: 3 },
    );
    const whole = new Uint8Array(await sharp(noise).toFormat(kind).toBuffer());
    const folder = await folderOf({ 'a/1.png': noise, [`a/2.${kind}`]: whole.subarray(0, whole.length / 2) });
    const data = await openImages(folder, 'train');
    await expect(data.gather([0, 1])).rejects.toMatchObject({ kind: 'data' });
    await expect(data.gather([0, 1])).rejects.toThrow(`Cannot decode the image "${join(folder, `a/2.${kind}`)}": `);
  });

  test('what is no image is an error that names the file', async () => {
    const folder = await folderOf({ 'a/1.jpg': 'not a picture' });
    await expect(openImages(folder, 'train')).rejects.toThrow(
      `Cannot decode the image "${join(folder, 'a/1.jpg')}": Input buffer contains unsupported image format`,
    );
  });

  test('without sharp, the sentence says how to install it', async () => {
    const missing = () => Promise.reject(new Error("Cannot find package 'sharp'\nImported from here"));
    const error = await openImageDecoder(null, missing).catch((error) => error);
    expect(error).toMatchObject({
      kind: 'environment',
      message: `Cannot decode images: the package sharp does not load (Cannot find package 'sharp'); install it with "npm install sharp@0.35.5"`,
    });
  });
});

const folder = process.env.RHO_DATA;
describe.skipIf(!folder)('CIFAR-10 itself (skipped unless RHO_DATA names the folder of public data)', () => {
  test('JPEGs unpacked into folders are those of the archive, but for the colour that decoders smooth', async () => {
    const archive = join(folder!, 'cifar10', 'cifar10-test-jpeg.tar.gz');
    const unpacked = await folderOf({});
    for (const { name, data } of readTar(await readUnpacked(archive), archive)) {
      const [, file, className] = /(?:^|\/)((airplane|automobile)_\d+\.jpg)$/.exec(name) ?? [];
      if (file === undefined) continue;
      await mkdir(join(unpacked, className!), { recursive: true });
      await writeFile(join(unpacked, className!, file), data);
    }
    const [images, cifar] = [await openImages(unpacked, 'test'), await openCifar(archive, 'test')];
    expect([images.length, images.classNames]).toEqual([2000, cifar.classNames!.slice(0, 2)]);
    expect(images.contentHash).toBe(await cifar.hashOfFirst(2000));
    expect(images.labels).toEqual(cifar.labels.subarray(0, 2000));
    expect((await images.imageOf!(1500)).bytes).toEqual((await cifar.imageOf!(1500)).bytes);
    const ids = Array.from({ length: 500 }, (_, i) => 4 * i);
    const [a, b] = await Promise.all(
      [images, cifar].map(async (data) => (await data.gather(ids)).inputs[0]!.data as Uint8Array),
    );
    const differences = Array.from(a!, (value, at) => Math.abs(value - b![at]!));
    const mean = differences.reduce((sum, value) => sum + value) / differences.length;
    expect(mean).toBeGreaterThan(0.5);
    expect(mean).toBeLessThan(2.5);
  });
});
