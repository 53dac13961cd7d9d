import { dataError } from '../core/errors.ts';
import { elementCount } from '../core/tensor.ts';
import { isFolder } from '../runtime/files.ts';
import { checkLabels, classesIn } from './checkLabels.ts';
import type { Dataset } from './dataset.ts';
import { findFile } from './findFile.ts';
import { readUnpacked } from './gunzip.ts';
import { memoryDataset } from './memoryDataset.ts';
import type { DataPart, OpenOptions } from './opener.ts';

/** An array of unsigned bytes with its shape. */
export interface IdxArray {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads an unpacked IDX file of unsigned bytes: 00 00 08, the number of dimensions (one byte), the dimensions (uint32,
 * big endian), the values. `name` is the file an error names.
 */
export function readIdx(bytes: Uint8Array, name: string): IdxArray {
  const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  if (!/^00 00 08 0[1-9]$/.test(magic))
    throw dataError(
      `Cannot read "${name}": it starts with ${magic || 'nothing'}, expected an IDX file of unsigned bytes (00 00 08 0N)`,
    );
  const rank = bytes[3]!;
  const header = 4 + 4 * rank;
  if (bytes.length < header)
    throw dataError(`Cannot read "${name}": it ends within its header, after ${bytes.length} bytes of ${header}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const data = bytes.subarray(header);
  if (data.length !== elementCount(dims))
    throw dataError(
      `Cannot read "${name}": it holds ${data.length} values, but its header says ${dims.join(' x ')}; fetch the file again`,
    );
  return { dims, data };
}

const prefixes = { train: 'train', test: 't10k' } as const;

/** Reads the one of MNIST's files in `folder` that holds `what`, of `rank` dimensions: plain or .gz, with - or . as spelt. */
async function readPart(folder: string, part: DataPart, what: 'images' | 'labels', rank: 1 | 3) {
  const stem = `${prefixes[part]}-${what}`;
  const names = [`${stem}-idx${rank}-ubyte`, `${stem}.idx${rank}-ubyte`];
  const file = await findFile(folder, names);
  if (file === null)
    throw dataError(`Cannot find the ${part} ${what} in "${folder}": expected a file ${names[0]} or ${names[0]}.gz`);
  const { dims, data } = readIdx(await readUnpacked(file), file);
  if (dims.length !== rank)
    throw dataError(`Cannot use "${file}" as ${what}: it has ${dims.length} dimensions, expected ${rank}`);
  if (data.length === 0) throw dataError(`Cannot use "${file}" as ${what}: it is empty`);
  return { file, dims, data };
}

/**
 * Opens a folder with MNIST's IDX files (`train-images-idx3-ubyte` and so on, gzip or plain). Inputs are the stored
 * bytes, [1, height, width]; preprocessing brings them to 0..1 and standardises with the mean and deviation of MNIST.
 */
export async function openIdx(folder: string, part: DataPart, options: OpenOptions = {}): Promise<Dataset> {
  if (!(await isFolder(folder))) throw dataError(`Cannot read "${folder}": no such folder`);
  const images = await readPart(folder, part, 'images', 3);
  const { file, data } = await readPart(folder, part, 'labels', 1);
  if (images.dims[0] !== data.length)
    throw dataError(`Cannot pair "${images.file}" with "${file}": ${images.dims[0]} images, but ${data.length} labels`);
  const labels = Int32Array.from(data);
  const classes = options.classes ?? classesIn(data);
  checkLabels(labels, classes, file);
  return memoryDataset({
    name: `idx:${folder}`,
    classes,
    inputs: [{ dtype: 'uint8', dims: [1, ...images.dims.slice(1)], data: images.data }],
    labels,
    preprocessing: { kind: 'standardize', scale: 1 / 255, mean: [0.1307], std: [0.3081] },
  });
}
