import { dataError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import { exists, isFolder, joinPath } from '../runtime/files.ts';
import { type ByteFile, openBytes, usuallyInMemory } from './byteFile.ts';
import { checkLabels } from './checkLabels.ts';
import { cifar10Names, readCifarArchive } from './cifarArchive.ts';
import { imageBytes, type LabelledPixels, readCifarRows, rowsIn } from './cifarBinary.ts';
import type { Dataset } from './dataset.ts';
import { fileDataset } from './fileDataset.ts';
import { fileRows } from './fileRows.ts';
import { findFile } from './findFile.ts';
import { readUnpacked } from './gunzip.ts';
import { jpegDecoder } from './jpeg.ts';
import { type MemoryData, memoryDataset } from './memoryDataset.ts';
import type { DataPart, OpenOptions } from './opener.ts';

/** Means and deviations that are usual for the training images. */
const cifar10: Preprocessing = {
  kind: 'standardize',
  scale: 1 / 255,
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
};
const cifar100: Preprocessing = {
  kind: 'standardize',
  scale: 1 / 255,
  mean: [0.5071, 0.4867, 0.4408],
  std: [0.2675, 0.2565, 0.2761],
};

/** The binary files of each version. */
const versions = [
  {
    folder: 'cifar-10-batches-bin',
    files: { train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`), test: ['test_batch.bin'] },
  },
  { folder: 'cifar-100-binary', files: { train: ['train.bin'], test: ['test.bin'] } },
] as const;

/**
 * Opens CIFAR-10 or CIFAR-100 (fine labels). `path` is a folder with the files of the binary version, with the folder they
 * were published in, or with `cifar10-train-jpeg.tar` and `cifar10-test-jpeg.tar`; or one such file. Any of them may be .gz.
 * Inputs are [3, 32, 32] bytes; preprocessing brings them to 0..1 and standardises each channel.
 */
export async function openCifar(path: string, part: DataPart, options: OpenOptions = {}): Promise<Dataset> {
  const files = await filesOf(path, part);
  return files[0]!.replace(/\.gz$/, '').endsWith('.tar')
    ? openArchive(path, files[0]!, options)
    : openRows(path, files, options);
}

async function filesOf(path: string, part: DataPart): Promise<readonly string[]> {
  if (!(await exists(path))) throw dataError(`Cannot read "${path}": no such file or folder`);
  if (!(await isFolder(path))) {
    if (/\.(bin|tar)(\.gz)?$/.test(path)) return [path];
    throw dataError(`Cannot use "${path}" as CIFAR: expected a folder, or a file .bin, .tar, .bin.gz or .tar.gz`);
  }
  for (const { folder, files } of versions)
    for (const place of [path, joinPath(path, folder)]) {
      const names = files[part];
      const found = (await isFolder(place)) ? await Promise.all(names.map((name) => findFile(place, [name]))) : [];
      const missing = found.indexOf(null);
      if (found.length > 0 && missing < 0) return found as string[];
      if (found.some((file) => file !== null))
        throw dataError(`Cannot find "${names[missing]}" in "${place}": expected ${names.join(', ')}`);
    }
  const archive = await findFile(path, [`cifar10-${part}-jpeg.tar`]);
  if (archive !== null) return [archive];
  const names = [...versions.map(({ files }) => files[part]), [`cifar10-${part}-jpeg.tar`]];
  throw dataError(
    `Cannot find CIFAR's ${part} data in "${path}": expected ${names.map((list) => list.join(', ')).join('; or ')}; plain or .gz`,
  );
}

async function openRows(path: string, files: readonly string[], options: OpenOptions): Promise<Dataset> {
  // Those of CIFAR-10 have other names.
  const isFine = files.every((file) => /(^|[\\/])(train|test)\.bin(\.gz)?$/.test(file));
  const labelBytes = isFine ? 2 : 1;
  const classes = options.classes ?? (isFine ? 100 : 10);
  const opened: ByteFile[] = [];
  for (const file of files) opened.push(await openBytes(file, 0));
  const description = { name: `cifar:${path}`, classes, preprocessing: isFine ? cifar100 : cifar10 };
  const total = opened.reduce((sum, { size }) => sum + size, 0);
  const dataset =
    total > (options.inMemory ?? usuallyInMemory)
      ? await fromDisk(opened, labelBytes, description)
      : await inMemory(opened, labelBytes, description);
  return isFine || classes !== 10 ? dataset : { ...dataset, classNames: cifar10Names };
}

type Description = Pick<MemoryData, 'name' | 'classes' | 'preprocessing'>;

async function inMemory(files: readonly ByteFile[], labelBytes: number, described: Description): Promise<Dataset> {
  const parts: LabelledPixels[] = [];
  for (const { name, bytes } of files) {
    const rows = readCifarRows(bytes ?? (await readUnpacked(name)), labelBytes, name);
    checkLabels(rows.labels, described.classes, name);
    parts.push(rows);
  }
  return imageDataset(join(parts), described);
}

async function fromDisk(files: readonly ByteFile[], labelBytes: number, described: Description): Promise<Dataset> {
  const stride = labelBytes + imageBytes;
  const places = files.map((file) => ({
    file,
    offset: labelBytes,
    stride,
    count: rowsIn(file.size, stride, file.name),
  }));
  const labels = new Int32Array(places.reduce((sum, { count }) => sum + count, 0));
  let at = 0;
  for (const place of places) {
    const begin = at;
    for await (const piece of fileRows(1, [{ ...place, offset: labelBytes - 1 }]).pieces(place.count)) {
      labels.set(piece, at);
      at += piece.length;
    }
    checkLabels(labels.subarray(begin, at), described.classes, place.file.name);
  }
  const rows = fileRows(imageBytes, places);
  return fileDataset({ ...described, input: { dtype: 'uint8', dims: [3, 32, 32] }, rows, labels });
}

async function openArchive(path: string, file: string, { classes = 10 }: OpenOptions): Promise<Dataset> {
  const { files, ...images } = readCifarArchive(await readUnpacked(file), file);
  const dataset = await imageDataset(
    { ...images, stored: (length) => files.slice(0, length) },
    { name: `cifar:${path}`, classes, preprocessing: cifar10 },
  );
  return {
    ...dataset,
    decoder: jpegDecoder,
    imageOf: async (id) => ({ bytes: files[id]!.slice(), type: 'image/jpeg' }),
    ...(classes === 10 && { classNames: cifar10Names }),
  };
}

function join(parts: readonly LabelledPixels[]): LabelledPixels {
  const count = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const [labels, pixels] = [new Int32Array(count), new Uint8Array(count * imageBytes)];
  let at = 0;
  for (const part of parts) {
    labels.set(part.labels, at);
    pixels.set(part.pixels, at * imageBytes);
    at += part.labels.length;
  }
  return { labels, pixels };
}

function imageDataset(
  { labels, pixels, stored }: LabelledPixels & Pick<MemoryData, 'stored'>,
  described: Description,
): Promise<Dataset> {
  return memoryDataset({
    ...described,
    inputs: [{ dtype: 'uint8', dims: [3, 32, 32], data: pixels }],
    labels,
    ...(stored !== undefined && { stored }),
  });
}
