import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toFloat16 } from '../../src/core/float16.ts';

/** What the bits of a float16 stand for (IEEE 754-2008, binary16). */
function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

describe('a number in half precision', () => {
  test.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [1 / 3, 0x3555],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    // Halfway between 1 and its neighbour, and between that and the next: to the even one.
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    // Halfway between 0 and the smallest, and a little above.
    [2 ** -25, 0x0000],
    [1.0001 * 2 ** -25, 0x0001],
    // Rounded up into the next power of 2.
    [2047.5, 0x6800],
    [Number.NaN, 0x7e00],
  ])('%d has the bits that IEEE 754 gives it', (value, bits) => {
    expect(toFloat16(value)).toBe(bits);
  });

  test.each([65520, 1e9, Infinity])('%d, beyond the range, becomes the largest there is', (value) => {
    expect(fromFloat16(toFloat16(value))).toBe(65504);
    expect(fromFloat16(toFloat16(-value))).toBe(-65504);
  });

  test('that float16 holds comes back, for each of them', () => {
    for (let bits = 0; bits < 0x10000; bits++)
      if (((bits >> 10) & 31) !== 31) expect(toFloat16(fromFloat16(bits))).toBe(bits);
  });

  test('is never further from it than half a step', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = toFloat16(value);
        const found = fromFloat16(bits);
        const next = fromFloat16(Math.min((bits & 0x7fff) + 1, 0x7bff));
        expect(Math.abs(found - value)).toBeLessThanOrEqual(
          Math.max(next - Math.abs(found), 2 ** -24) / 2 + 16 * +(Math.abs(value) > 65488),
        );
      }),
    );
  });
});
