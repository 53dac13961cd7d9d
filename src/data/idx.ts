import { dataError } from '../core/errors.ts';
import { elementCount } from '../core/tensor.ts';
import { isFolder } from '../runtime/files.ts';
import { openBytes, piecesOf, readPart } from './byteFile.ts';
import { checkLabels, classesIn } from './checkLabels.ts';
import type { Dataset } from './dataset.ts';
import { findFile } from './findFile.ts';
import type { DataPart, OpenOptions } from './opener.ts';
import { rowDataset } from './rowDataset.ts';

/** An array of unsigned bytes with its shape. */
export interface IdxArray {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/** The most bytes that a header takes: 9 dimensions. */
const longestHeader = 40;

/**
 * Reads an unpacked IDX file of unsigned bytes: 00 00 08, the number of dimensions (one byte), the dimensions (uint32,
 * big endian), the values. `name` is the file an error names.
 */
export function readIdx(bytes: Uint8Array, name: string): IdxArray {
  const { dims, offset } = readIdxHeader(bytes, bytes.length, name);
  return { dims, data: bytes.subarray(offset) };
}

/** The shape that the first bytes of an IDX file of `size` bytes tell, and the byte its values begin at. */
export function readIdxHeader(
  bytes: Uint8Array,
  size: number,
  name: string,
): { readonly dims: readonly number[]; readonly offset: number } {
  const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  if (!/^00 00 08 0[1-9]$/.test(magic))
    throw dataError(
      `Cannot read "${name}": it starts with ${magic || 'nothing'}, expected an IDX file of unsigned bytes (00 00 08 0N)`,
    );
  const rank = bytes[3]!;
  const offset = 4 + 4 * rank;
  if (size < offset)
    throw dataError(`Cannot read "${name}": it ends within its header, after ${size} bytes of ${offset}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (size - offset !== elementCount(dims))
    throw dataError(
      `Cannot read "${name}": it holds ${size - offset} values, but its header says ${dims.join(' x ')}; fetch the file again`,
    );
  return { dims, offset };
}

const prefixes = { train: 'train', test: 't10k' } as const;

/** Opens the one of MNIST's files in `folder` that holds `what`, of `rank` dimensions: plain or .gz, with - or . as spelt. */
async function openPart(
  folder: string,
  part: DataPart,
  what: 'images' | 'labels',
  rank: 1 | 3,
  inMemory: number | undefined,
) {
  const stem = `${prefixes[part]}-${what}`;
  const names = [`${stem}-idx${rank}-ubyte`, `${stem}.idx${rank}-ubyte`];
  const path = await findFile(folder, names);
  if (path === null)
    throw dataError(`Cannot find the ${part} ${what} in "${folder}": expected a file ${names[0]} or ${names[0]}.gz`);
  const file = await openBytes(path, inMemory);
  const { dims, offset } = readIdxHeader(await readPart(file, 0, longestHeader), file.size, path);
  if (dims.length !== rank)
    throw dataError(`Cannot use "${path}" as ${what}: it has ${dims.length} dimensions, expected ${rank}`);
  if (file.size === offset) throw dataError(`Cannot use "${path}" as ${what}: it is empty`);
  return { path, file, dims, offset };
}

/**
 * Opens a folder with MNIST's IDX files (`train-images-idx3-ubyte` and so on, gzip or plain). Inputs are the stored
 * bytes, [1, height, width]; preprocessing brings them to 0..1 and standardises with the mean and deviation of MNIST.
 */
export async function openIdx(folder: string, part: DataPart, options: OpenOptions = {}): Promise<Dataset> {
  if (!(await isFolder(folder))) throw dataError(`Cannot read "${folder}": no such folder`);
  const images = await openPart(folder, part, 'images', 3, options.inMemory);
  const { path, file, dims, offset } = await openPart(folder, part, 'labels', 1, options.inMemory);
  const [count] = dims;
  if (images.dims[0] !== count)
    throw dataError(`Cannot pair "${images.path}" with "${path}": ${images.dims[0]} images, but ${count} labels`);
  const labels = await readInt32(count!, piecesOf(file, offset, file.size));
  const classes = options.classes ?? classesIn(labels);
  checkLabels(labels, classes, path);
  return rowDataset({
    name: `idx:${folder}`,
    classes,
    input: { dtype: 'uint8', dims: [1, ...images.dims.slice(1)] },
    file: images.file,
    offset: images.offset,
    labels,
    preprocessing: { kind: 'standardize', scale: 1 / 255, mean: [0.1307], std: [0.3081] },
  });
}

async function readInt32(count: number, pieces: AsyncIterable<Uint8Array>): Promise<Int32Array> {
  const labels = new Int32Array(count);
  let at = 0;
  for await (const piece of pieces) {
    labels.set(piece, at);
    at += piece.length;
  }
  return labels;
}
