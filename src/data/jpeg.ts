import jpeg from 'jpeg-js';
import { dataError } from '../core/errors.ts';

/** What decodes: another decoder, or another version of it, may give other pixels. */
export const jpegDecoder = 'jpeg-js 0.4.4';

/** Decodes a JPEG of `height` x `width` pixels into `planes`: all red bytes, all green, all blue. `name` is what an error names. */
export function decodeJpeg(
  bytes: Uint8Array,
  name: string,
  { height, width }: { readonly height: number; readonly width: number },
  planes: Uint8Array,
): void {
  const image = decode(bytes, name);
  if (image.height !== height || image.width !== width)
    throw dataError(
      `Cannot use the image "${name}": it has ${image.width} x ${image.height} pixels, expected ${width} x ${height}`,
    );
  const pixels = height * width;
  for (let pixel = 0; pixel < pixels; pixel++) {
    planes[pixel] = image.data[3 * pixel]!;
    planes[pixel + pixels] = image.data[3 * pixel + 1]!;
    planes[pixel + 2 * pixels] = image.data[3 * pixel + 2]!;
  }
}

function decode(bytes: Uint8Array, name: string): { width: number; height: number; data: Uint8Array } {
  try {
    return jpeg.decode(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false });
  } catch (error) {
    throw dataError(`Cannot decode the image "${name}": ${(error as Error).message}; fetch the file again`);
  }
}
