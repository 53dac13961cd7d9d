import { expect, test } from 'vitest';
import { resizeLinear } from '../../src/data/resizeLinear.ts';

test('a pixel is the mean of those near it, weighed by a triangle', () => {
  const image = { width: 4, height: 1, channels: 1, data: Uint8Array.of(0, 100, 200, 40) };
  // Twice as small: the triangle reaches two pixels to each side, of centre 1: weights 3, 3, 1 (1/4, 3/4, 3/4, 1/4).
  expect([...resizeLinear(image, 2, 1).data]).toEqual([
    Math.round((0.75 * 0 + 0.75 * 100 + 0.25 * 200) / 1.75),
    Math.round((0.25 * 100 + 0.75 * 200 + 0.75 * 40) / 1.75),
  ]);
  // Twice as large: the two pixels around, three quarters of the nearer one.
  expect([...resizeLinear(image, 8, 1).data]).toEqual([0, 25, 75, 125, 175, 160, 80, 40]);
});

test('rows and columns are treated alike, channels apart', () => {
  const data = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => (i * 37) % 256);
  const image = { width: 5, height: 3, channels: 3, data };
  const turned = { width: 3, height: 5, channels: 3, data: turn(data, 5, 3) };
  const once = resizeLinear(image, 5, 2);
  expect(turn(once.data, 5, 2)).toEqual(resizeLinear(turned, 2, 5).data);
  expect(resizeLinear(image, 5, 3).data).toEqual(data);
});

function turn(data: Uint8Array, width: number, height: number): Uint8Array {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) turned[(x * height + y) * 3 + c] = data[(y * width + x) * 3 + c]!;
  return turned;
}
