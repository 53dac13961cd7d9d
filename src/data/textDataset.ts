import { dataError } from '../core/errors.ts';
import { exists, joinPath } from '../runtime/files.ts';
import type { Dataset } from './dataset.ts';
import type { LabelledTexts } from './labelledTexts.ts';
import { memoryDataset } from './memoryDataset.ts';
import type { OpenOptions } from './opener.ts';
import { openTokenizer, tokenizerLibrary } from './tokenizer.ts';

const usualTokens = 64;

/**
 * A data set over texts: inputs are ids of tokens, [tokens], filled up with padding. `file` is what the vocabulary is looked
 * for beside, unless there is one in `options`; `name` becomes that of the data set.
 */
export async function textDataset(
  name: string,
  file: string,
  { texts, ...labels }: LabelledTexts,
  options: OpenOptions,
): Promise<Dataset> {
  const tokenizer = await openTokenizer(options.vocab ?? (await vocabularyBeside(file)));
  const tokens = options.tokens ?? usualTokens;
  const dataset = await memoryDataset({
    name,
    ...labels,
    inputs: [{ dtype: 'int32', dims: [tokens], data: tokenizer.encode(texts, tokens) }],
    preprocessing: {
      kind: 'tokens',
      tokenizer: tokenizer.name,
      vocabulary: tokenizer.vocabulary,
      padding: tokenizer.padding,
    },
    stored: (length) => storedTexts(texts.slice(0, length)),
  });
  return {
    ...dataset,
    decoder: `${tokenizerLibrary} ${tokenizer.name}`,
    textOf: (id) => texts[id]!,
    ...(labels.classNames && { classNames: labels.classNames }),
  };
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
