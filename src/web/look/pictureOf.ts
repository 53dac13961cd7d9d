import { fromBase64 } from '../../core/base64.ts';
import type { Dataset } from '../../data/dataset.ts';
import { storedImage } from '../../jobs/exampleImage.ts';

/** Whether examples are pictures: encoded ones, or stored as uint8 [1 or 3, height, width]. */
export function isPicture({ imageOf, inputs }: Dataset): boolean {
  const { dtype, dims } = inputs[0]!;
  return imageOf !== undefined || (dtype === 'uint8' && dims.length === 3 && (dims[0] === 1 || dims[0] === 3));
}

/** The example as a picture in full size, to be shown or saved: its own file, or a PNG of what is stored; null where it is none. */
export async function pictureOf(data: Dataset, id: number): Promise<Blob | null> {
  const encoded = await data.imageOf?.(id);
  if (encoded !== undefined) return new Blob([encoded.bytes as Uint8Array<ArrayBuffer>], { type: encoded.type });
  const stored = await storedImage(data, id);
  if (stored === null) return null;
  const { width, height, channels } = stored;
  const planes = fromBase64(stored.pixels);
  const size = width * height;
  const pixels = new Uint8ClampedArray(4 * size).fill(255);
  for (let at = 0; at < size; at++)
    for (let colour = 0; colour < 3; colour++)
      pixels[4 * at + colour] = planes[(channels === 3 ? colour * size : 0) + at]!;
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
