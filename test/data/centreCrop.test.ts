import { expect, test } from 'vitest';
import { centreCrop, shorterSide } from '../../src/data/centreCrop.ts';

// Resize(256) and CenterCrop(224) of torchvision, worked out by hand; int() and Python's round().
test.each([
  [500, 375, { width: 341, height: 256, left: 58, top: 16 }],
  [375, 500, { width: 256, height: 341, left: 16, top: 58 }],
  [256, 256, { width: 256, height: 256, left: 16, top: 16 }],
  [100, 100, { width: 256, height: 256, left: 16, top: 16 }],
  [257, 256, { width: 257, height: 256, left: 16, top: 16 }],
  [259, 256, { width: 259, height: 256, left: 18, top: 16 }],
])('%d x %d is cut to 224 x 224', (width, height, crop) => {
  expect(centreCrop(width, height, 224)).toEqual(crop);
});

test('what has the size already stays as it is', () => {
  expect(centreCrop(224, 224, 224)).toBeNull();
  expect(centreCrop(224, 225, 224)).not.toBeNull();
});

test.each([
  [224, 256],
  [32, 37],
  [299, 342],
])('for %d the shorter side becomes %d', (size, side) => {
  expect(shorterSide(size)).toBe(side);
});
