import { dataError } from '../core/errors.ts';
import { exists, isFolder, joinPath } from '../runtime/files.ts';
import { checkLabels, classesIn } from './checkLabels.ts';
import type { Dataset } from './dataset.ts';
import { findFile } from './findFile.ts';
import { contentHash } from './hash.ts';
import { labelledTexts } from './labelledTexts.ts';
import { memoryDataset } from './memoryDataset.ts';
import type { DataPart, OpenOptions } from './opener.ts';
import { readCsv, readTsv } from './table.ts';
import { openTokenizer, tokenizerLibrary } from './tokenizer.ts';

const readers = { csv: readCsv, tsv: readTsv };
const usualTokens = 64;

/**
 * Opens texts with labels. `path` is a folder with train.tsv and dev.tsv or test.tsv (csv alike), plain or .gz, or one such
 * file of any name. Inputs are ids of tokens, [tokens], filled up with padding.
 */
export async function openText(
  format: 'csv' | 'tsv',
  path: string,
  part: DataPart,
  options: OpenOptions = {},
): Promise<Dataset> {
  const file = await fileOf(format, path, part);
  const vocabulary = options.vocab ?? (await vocabularyBeside(file));
  const tokenizer = await openTokenizer(vocabulary);
  const { texts, labels } = labelledTexts(await readers[format](file), file);
  const classes = options.classes ?? classesIn(labels);
  checkLabels(labels, classes, file);
  const tokens = options.tokens ?? usualTokens;
  const dataset = await memoryDataset({
    name: `${format}:${path}`,
    classes,
    inputs: [{ dtype: 'int32', dims: [tokens], data: tokenizer.encode(texts, tokens) }],
    labels,
    preprocessing: {
      kind: 'tokens',
      tokenizer: tokenizer.name,
      vocabulary: tokenizer.vocabulary,
      padding: tokenizer.padding,
    },
    contentHash: await contentHash(storedTexts(texts)),
  });
  return { ...dataset, decoder: `${tokenizerLibrary} ${tokenizer.name}`, textOf: (id) => texts[id]! };
}

async function fileOf(format: 'csv' | 'tsv', path: string, part: DataPart): Promise<string> {
  if (!(await exists(path))) throw dataError(`Cannot read "${path}": no such file or folder`);
  if (!(await isFolder(path))) return path;
  // GLUE's test.tsv has no labels, its dev.tsv stands in.
  const names = (part === 'train' ? ['train'] : ['dev', 'test']).map((name) => `${name}.${format}`);
  const file = await findFile(path, names);
  if (file === null)
    throw dataError(`Cannot find the ${part} texts in "${path}": expected ${names.join(' or ')}, plain or .gz`);
  return file;
}

async function vocabularyBeside(file: string): Promise<string> {
  const vocabulary = joinPath(file, '..', 'vocab.txt');
  if (!(await exists(vocabulary)))
    throw dataError(
      `Cannot tokenise "${file}": there is no vocab.txt beside it, pass a vocab.txt or tokenizer.json with --vocab`,
    );
  return vocabulary;
}

/** Each text as UTF-8 behind its number of bytes, a little-endian uint32. */
function* storedTexts(texts: readonly string[]): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const text of texts) {
    const bytes = encoder.encode(text);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length, true);
    yield length;
    yield bytes;
  }
}
