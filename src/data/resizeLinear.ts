import type { DecodedImage } from './imagePixels.ts';

/**
 * Resizes an image with the triangle filter of PIL's BILINEAR, which is widened where the image shrinks: first its rows, then
 * its columns, rounded to bytes after each. PIL has its weights in integers, so a byte may differ by 1.
 */
export function resizeLinear({ data, channels, ...image }: DecodedImage, width: number, height: number): DecodedImage {
  const wide = resample(data, { outer: image.height, from: image.width, to: width, inner: channels });
  const resized = resample(wide, { outer: 1, from: image.height, to: height, inner: width * channels });
  return { width, height, channels, data: resized };
}

/** Numbers in the order [outer, from, inner], of which the middle is to have another length. */
interface Resampling {
  readonly outer: number;
  readonly from: number;
  readonly to: number;
  readonly inner: number;
}

function resample(source: Uint8Array, { outer, from, to, inner }: Resampling): Uint8Array {
  const result = new Uint8Array(outer * to * inner);
  const taps = tapsOf(from, to);
  for (let line = 0; line < outer; line++)
    taps.forEach(({ first, weights }, at) => {
      const begin = (line * from + first) * inner;
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let tap = 0; tap < weights.length; tap++) sum += weights[tap]! * source[begin + tap * inner + i]!;
        result[(line * to + at) * inner + i] = Math.round(sum);
      }
    });
  return result;
}

/** The pixels of a line that one of the new line is made from, with weights that sum up to 1. */
interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

function tapsOf(from: number, to: number): readonly Taps[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, at) => {
    const centre = (at + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const last = Math.min(from, Math.trunc(centre + reach + 0.5));
    const weights = Float64Array.from({ length: last - first }, (_, i) =>
      Math.max(0, 1 - Math.abs((first + i + 0.5 - centre) / reach)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}
