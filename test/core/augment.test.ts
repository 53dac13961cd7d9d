import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { augmenter, augmentImages, parseAugmentation } from '../../src/core/augment.ts';
import type { Batch } from '../../src/core/batch.ts';
import { type RandomStream, randomStream } from '../../src/core/random.ts';

function batchOf(dims: readonly number[]): Batch {
  const data = Uint8Array.from({ length: dims.reduce((product, size) => product * size, 1) }, (_, i) => 1 + (i % 250));
  return { inputs: [{ dtype: 'uint8', dims, data }], labels: new Int32Array(dims[0]!) };
}

/** A stream that draws these numbers in turn. */
function drawing(...numbers: number[]): RandomStream {
  return { below: () => numbers.shift()!, unit: () => 0, bits: () => 0 };
}

const pixels = ({ inputs }: Batch) => [...(inputs[0]!.data as Uint8Array)];

describe('by hand on 2 channels of 2 x 3', () => {
  const image = batchOf([1, 2, 2, 3]);
  expect(pixels(image)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

  test('a crop that begins one row down and one column left of the image is black there', () => {
    // A draw of 0 … 2 stands for a shift of -1 … 1.
    const cropped = augmentImages(image, { crop: 1, flip: false }, drawing(2, 0));
    expect(pixels(cropped)).toEqual([0, 4, 5, 0, 0, 0, 0, 10, 11, 0, 0, 0]);
  });

  test('a mirrored image has its columns in turn', () => {
    const mirrored = augmentImages(image, { crop: 0, flip: true }, drawing(1));
    expect(pixels(mirrored)).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
    expect(pixels(augmentImages(image, { crop: 0, flip: true }, drawing(0)))).toEqual(pixels(image));
  });

  test('a crop is taken first and mirrored then', () => {
    const both = augmentImages(image, { crop: 1, flip: true }, drawing(1, 2, 1));
    // Shifted by one column: 2 3 0, mirrored: 0 3 2.
    expect(pixels(both).slice(0, 6)).toEqual([0, 3, 2, 0, 6, 5]);
  });
});

test('every image keeps its pixels or black, and the batch itself is left alone', () => {
  const sizes = fc.tuple(...([1, 1, 1, 1] as const).map(() => fc.integer({ min: 1, max: 4 })));
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.nat(), (dims, crop, flip, seed) => {
      const batch = batchOf(dims);
      const before = pixels(batch);
      const after = pixels(augmentImages(batch, { crop, flip }, randomStream(seed, 'test')));
      expect(pixels(batch)).toEqual(before);
      const size = before.length / dims[0]!;
      after.forEach((pixel, i) => {
        const own = before.slice(Math.floor(i / size) * size, (Math.floor(i / size) + 1) * size);
        expect([0, ...own]).toContain(pixel);
      });
    }),
  );
});

test('what is drawn follows from seed and step alone', () => {
  const batch = batchOf([8, 1, 6, 6]);
  const augment = augmenter({ crop: 2, flip: true }, 3);
  expect(augment(batch, 1)).toEqual(augmenter({ crop: 2, flip: true }, 3)(batch, 1));
  expect(pixels(augment(batch, 1))).not.toEqual(pixels(augment(batch, 2)));
  expect(pixels(augment(batch, 1))).not.toEqual(pixels(augmenter({ crop: 2, flip: true }, 4)(batch, 1)));
  expect(augmenter(null, 3)(batch, 1)).toBe(batch);
});

test('all shifts and both sides are as likely', () => {
  const seen = new Map<string, number>();
  const random = randomStream(1, 'test');
  const image = batchOf([1, 1, 3, 3]);
  const rounds = 9000;
  for (let round = 0; round < rounds; round++) {
    const key = pixels(augmentImages(image, { crop: 1, flip: true }, random)).join(' ');
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  expect(seen.size).toBe(18);
  for (const count of seen.values()) expect(Math.abs(count - rounds / 18)).toBeLessThan(5 * Math.sqrt(rounds / 18));
});

test.each([
  ['crop:4,flip', { crop: 4, flip: true }],
  ['flip', { crop: 0, flip: true }],
  ['crop:2', { crop: 2, flip: false }],
  ['crop', undefined],
  ['crop:-1', undefined],
  ['rotate', undefined],
  ['', undefined],
])('--augment %s', (text, expected) => {
  expect(parseAugmentation(text)).toEqual(expected);
});
