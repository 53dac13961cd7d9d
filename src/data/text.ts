import { dataError } from '../core/errors.ts';
import { exists, isFolder } from '../runtime/files.ts';
import type { Dataset } from './dataset.ts';
import { findFile } from './findFile.ts';
import { readJsonl } from './jsonl.ts';
import { type LabelledTexts, labelledTexts } from './labelledTexts.ts';
import type { DataPart, OpenOptions } from './opener.ts';
import { readCsv, readTsv } from './table.ts';
import { textDataset } from './textDataset.ts';

/** How a file of each format is read, and what the parts of a data set are called, the first one there being taken. */
const formats: Readonly<Record<TextFormat, TextReader>> = {
  csv: { read: async (file, given) => labelledTexts(await readCsv(file), file, given), test: ['dev', 'test'] },
  tsv: { read: async (file, given) => labelledTexts(await readTsv(file), file, given), test: ['dev', 'test'] },
  jsonl: { read: readJsonl, test: ['dev', 'validation', 'test'] },
};

/** The formats of texts that are files of lines. */
export type TextFormat = 'csv' | 'tsv' | 'jsonl';

interface TextReader {
  readonly read: (file: string, options: OpenOptions) => Promise<LabelledTexts>;
  readonly test: readonly string[];
}

/**
 * Opens texts with labels. `path` is a folder with train.tsv and dev.tsv or test.tsv (csv and jsonl alike), plain or .gz, or
 * one such file of any name. Inputs are ids of tokens, [tokens], filled up with padding.
 */
export async function openText(
  format: TextFormat,
  path: string,
  part: DataPart,
  options: OpenOptions = {},
): Promise<Dataset> {
  const file = await fileOf(format, path, part);
  return textDataset(`${format}:${path}`, file, await formats[format].read(file, options), options);
}

async function fileOf(format: TextFormat, path: string, part: DataPart): Promise<string> {
  if (!(await exists(path))) throw dataError(`Cannot read "${path}": no such file or folder`);
  if (!(await isFolder(path))) return path;
  // GLUE's test.tsv has no labels, its dev.tsv stands in.
  const names = (part === 'train' ? ['train'] : formats[format].test).map((name) => `${name}.${format}`);
  const file = await findFile(path, names);
  if (file === null)
    throw dataError(`Cannot find the ${part} texts in "${path}": expected ${names.join(' or ')}, plain or .gz`);
  return file;
}
