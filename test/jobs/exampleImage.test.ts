import { expect, test } from 'vitest';
import { memoryDataset } from '../../src/data/memoryDataset.ts';
import { exampleImageUrl, storedImage } from '../../src/jobs/exampleImage.ts';

const pixels = Uint8Array.of(0, 50, 100, 150, 200, 250, 1, 2, 3, 4, 5, 6);
const images = await memoryDataset({
  name: 'images',
  classes: 2,
  inputs: [{ dtype: 'uint8', dims: [1, 2, 3], data: pixels }],
  labels: Int32Array.of(0, 1),
  preprocessing: { kind: 'none' },
});
const bmp = 'data:image/bmp;base64,';

test('stored pixels are an image where their shape is that of one', async () => {
  expect(await storedImage(images, 1)).toEqual({
    ...{ width: 3, height: 2, channels: 1 },
    pixels: Buffer.from(pixels.subarray(6)).toString('base64'),
  });
  expect(await storedImage({ ...images, inputs: [{ dtype: 'uint8', dims: [2, 2, 3] }] }, 0)).toBeNull();
  expect(await storedImage({ ...images, inputs: [{ dtype: 'int32', dims: [64] }] }, 0)).toBeNull();
});

test('a picture is drawn from stored pixels', async () => {
  const url = (await exampleImageUrl(images, 0))!;
  expect(url.slice(0, bmp.length)).toBe(bmp);
  const bytes = Buffer.from(url.slice(bmp.length), 'base64');
  // The first row: three grey pixels, blue, green and red alike.
  expect([...bytes.subarray(54, 63)]).toEqual([0, 0, 0, 50, 50, 50, 100, 100, 100]);
  expect(await exampleImageUrl({ ...images, inputs: [{ dtype: 'int32', dims: [6] }] }, 0)).toBeNull();
});

test('a small encoded image is shown as it is, one that is large or of a rare type is drawn again', async () => {
  const withFiles = (bytes: Uint8Array, type: string) => ({ ...images, imageOf: async () => ({ bytes, type }) });
  expect(await exampleImageUrl(withFiles(Uint8Array.of(255, 216), 'image/jpeg'), 0)).toBe(
    'data:image/jpeg;base64,/9g=',
  );
  expect(await exampleImageUrl(withFiles(new Uint8Array(40_000), 'image/jpeg'), 0)).toContain(bmp);
  expect(await exampleImageUrl(withFiles(Uint8Array.of(1), 'image/tiff'), 0)).toContain(bmp);
  expect(await exampleImageUrl(withFiles(Uint8Array.of(1), 'image/svg+xml"onload='), 0)).toContain(bmp);
});
