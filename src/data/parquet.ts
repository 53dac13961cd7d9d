import { dataError, usageError } from '../core/errors.ts';
import { diskFile } from './byteFile.ts';
import { imageColumns, labelColumns, textColumns } from './columnNames.ts';
import type { Dataset } from './dataset.ts';
import { imageDataset } from './imageDataset.ts';
import type { DataPart, OpenOptions } from './opener.ts';
import { openParquetFile, type ParquetFile } from './parquetFile.ts';
import { parquetImages } from './parquetImages.ts';
import { findParquet } from './parquetParts.ts';
import { type GivenClasses, type Labels, readLabels, shownNames } from './readLabels.ts';
import { textDataset } from './textDataset.ts';

/**
 * Opens Parquet files as Hugging Face lays them out (see findParquet): encoded images, or texts. Names of classes come from
 * the metadata that its library writes, where they are there.
 */
export async function openParquet(path: string, part: DataPart, options: OpenOptions = {}): Promise<Dataset> {
  const files: ParquetFile[] = [];
  for (const file of await findParquet(path, part)) files.push(await openParquetFile(await diskFile(file)));
  const [first] = files;
  const find = (names: readonly string[]) => names.find((name) => first!.columns.includes(name));
  const [image, text, label] = [find(imageColumns), find(textColumns), find(labelColumns)];
  const content = image ?? text;
  if (content === undefined || label === undefined)
    throw dataError(
      `Cannot find examples and labels in "${first!.name}": its columns are ${first!.columns.join(', ')}, expected one of ${[...imageColumns, ...textColumns].join(', ')} and one of ${labelColumns.join(', ')}`,
    );
  for (const { name, columns } of files)
    for (const column of [content, label])
      if (!columns.includes(column))
        throw dataError(`Cannot join "${name}" to "${first!.name}": it has no column ${column}`);
  if (files.every(({ length }) => length === 0)) throw dataError(`Cannot use "${path}": it holds no examples`);
  const labels = await labelsOf(files, label, path, { ...options, ...givenNames(first!, label, options) });
  const name = `parquet:${path}`;
  if (image !== undefined) {
    requireNone(path, 'images', options, ['vocab', 'tokens']);
    return imageDataset({ name, ...labels, ...parquetImages(files, image) }, options);
  }
  requireNone(path, 'texts', options, ['imageSize']);
  return textDataset(name, first!.name, { texts: await textsOf(files, content), ...labels }, options);
}

const flags = { vocab: '--vocab', tokens: '--tokens', imageSize: '--image-size' };

function requireNone(path: string, what: string, options: OpenOptions, keys: readonly (keyof typeof flags)[]): void {
  const unused = keys.find((key) => options[key] != null);
  if (unused !== undefined)
    throw usageError(`Cannot use ${flags[unused]} with data "parquet:${path}": its examples are ${what}`);
}

/** The names of the classes in the metadata of Hugging Face's library, or those of the training data, which they have to be. */
function givenNames(file: ParquetFile, column: string, { classNames }: OpenOptions): GivenClasses {
  const found = namesIn(file.metadata('huggingface'), column);
  if (found === null) return {};
  if (classNames !== undefined && classNames.join('\n') !== found.join('\n'))
    throw dataError(
      `Cannot use the classes of "${file.name}": they are ${shownNames(found)}, those of the training data are ${shownNames(classNames)}`,
    );
  return { classNames: found };
}

function namesIn(metadata: string | undefined, column: string): readonly string[] | null {
  try {
    const names: unknown = JSON.parse(metadata ?? '').info.features[column].names;
    const isNames = Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string');
    return isNames ? names : null;
  } catch {
    // Other libraries write other metadata, or none.
    return null;
  }
}

async function labelsOf(
  files: readonly ParquetFile[],
  column: string,
  path: string,
  given: GivenClasses,
): Promise<Labels> {
  const parts = await columnOf(files, column);
  const length = parts.reduce((sum, { length }) => sum + length, 0);
  return readLabels(valuesOf(parts), length, { file: path, where: (id) => whereIn(files, id), given });
}

async function textsOf(files: readonly ParquetFile[], column: string): Promise<string[]> {
  const texts: string[] = [];
  for (const text of valuesOf(await columnOf(files, column))) {
    if (typeof text !== 'string')
      throw dataError(`Cannot read the text in ${whereIn(files, texts.length)}: its column ${column} holds no text`);
    texts.push(text);
  }
  return texts;
}

async function columnOf(files: readonly ParquetFile[], column: string): Promise<ArrayLike<unknown>[]> {
  const parts: ArrayLike<unknown>[] = [];
  for (const file of files) for (const block of file.blocksOf(column)) parts.push(await file.readColumn(column, block));
  return parts;
}

function* valuesOf(parts: readonly ArrayLike<unknown>[]): Generator<unknown> {
  for (const part of parts) for (let row = 0; row < part.length; row++) yield part[row];
}

function whereIn(files: readonly ParquetFile[], id: number): string {
  let row = id;
  for (const { name, length } of files) {
    if (row < length) return `row ${row + 1} of ${name}`;
    row -= length;
  }
  return `row ${id + 1}`;
}
