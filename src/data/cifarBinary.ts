import { dataError } from '../core/errors.ts';

/** Labels and pixels of images, by id. */
export interface LabelledPixels {
  readonly labels: Int32Array;
  /** 3,072 bytes each: 1,024 red, green and blue ones, row by row. */
  readonly pixels: Uint8Array;
}

/** Bytes of an image of 32 x 32 pixels. */
export const imageBytes = 3072;

/**
 * Reads the rows of CIFAR's binary version: label bytes (one in CIFAR-10; coarse and fine in CIFAR-100, the last of which is
 * the label), then an image. `name` is the file that an error names.
 */
export function readCifarRows(bytes: Uint8Array, labelBytes: number, name: string): LabelledPixels {
  const row = labelBytes + imageBytes;
  const count = rowsIn(bytes.length, row, name);
  const labels = Int32Array.from({ length: count }, (_, id) => bytes[id * row + labelBytes - 1]!);
  const pixels = new Uint8Array(count * imageBytes);
  for (let id = 0; id < count; id++) pixels.set(bytes.subarray(id * row + labelBytes, (id + 1) * row), id * imageBytes);
  return { labels, pixels };
}

/** The number of rows of `row` bytes, labels included, in a file of `size` bytes; a data error where it is no whole one. */
export function rowsIn(size: number, row: number, name: string): number {
  const count = size / row;
  if (!Number.isInteger(count) || count === 0)
    throw dataError(
      `Cannot read "${name}": it holds ${size} bytes, expected rows of ${row}: ${row - imageBytes} of labels and ${imageBytes} of pixels`,
    );
  return count;
}
