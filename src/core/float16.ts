/** The largest number that float16 holds. */
export const largestFloat16 = 65504;

const numbers = new Float32Array(1);
const bits = new Uint32Array(numbers.buffer);

/**
 * The bits of `value` in IEEE half precision, rounded to the nearest, halfway to even. What lies beyond ±65504, infinities as
 * well, becomes ±65504; NaN stays NaN.
 */
export function toFloat16(value: number): number {
  numbers[0] = value > largestFloat16 ? largestFloat16 : value < -largestFloat16 ? -largestFloat16 : value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const exponent = ((word >>> 23) & 0xff) - 127;
  const fraction = word & 0x7fffff;
  if (exponent >= -14) return sign | roundedShift(((exponent + 15) << 23) | fraction, 13);
  // Below 2^-14 there is no leading 1 that goes without saying: numbers are multiples of 2^-24.
  return exponent < -25 ? sign : sign | roundedShift(0x800000 | fraction, -exponent - 1);
}

/** `whole` over 2^`places`, rounded to the nearest, halfway to even. */
function roundedShift(whole: number, places: number): number {
  const down = Math.floor(whole / 2 ** places);
  const rest = whole - down * 2 ** places;
  const half = 2 ** (places - 1);
  return rest > half || (rest === half && down % 2 === 1) ? down + 1 : down;
}
