import { Tokenizer } from '@huggingface/tokenizers';
import { dataError, usageError } from '../core/errors.ts';
import { readBytes } from '../runtime/files.ts';
import { sha256 } from './hash.ts';

/** The library that cuts; ids may differ with another version. */
export const tokenizerLibrary = '@huggingface/tokenizers 0.2.0';

/** Cuts texts into ids of a vocabulary. */
export interface TextTokenizer {
  /** The kind and the SHA-256 (hex) of the vocabulary's file, such as `wordpiece 07ec…`. */
  readonly name: string;
  /** Ids are below this. */
  readonly vocabulary: number;
  /** The id that fills up short texts. */
  readonly padding: number;
  /**
   * The ids of `texts`, `length` for each: the marks of begin and end ([CLS] and [SEP]) are kept where a long text is cut.
   * A usage error where no text fits between the marks.
   */
  encode(texts: readonly string[], length: number): Int32Array;
}

/**
 * Opens a vocabulary: `tokenizer.json` of Hugging Face's tokenizers, or `vocab.txt` of BERT, a token a line. The latter is
 * taken for uncased where none of its tokens has a letter A to Z, save marks such as [CLS].
 */
export async function openTokenizer(file: string): Promise<TextTokenizer> {
  const bytes = await readBytes(file);
  const text = new TextDecoder().decode(bytes);
  const json = file.endsWith('.json') ? parseTokenizer(text, file) : bertTokenizer(text, file);
  const tokenizer = makeTokenizer(json, file);
  const vocab = tokenizer.get_vocab(true);
  const padding = json.padding?.pad_id ?? vocab.get('[PAD]') ?? vocab.get('<pad>');
  if (padding === undefined)
    throw dataError(`Cannot use the vocabulary "${file}": it has no token for padding, expected [PAD] or <pad>`);
  let vocabulary = 0;
  for (const id of vocab.values()) vocabulary = Math.max(vocabulary, id + 1);
  const marks = marksOf(tokenizer);
  return {
    name: `${json.model.type.toLowerCase()} ${await sha256(bytes)}`,
    vocabulary,
    padding,
    encode(texts, length) {
      const room = length - marks.begin.length - marks.end.length;
      if (room < 1)
        throw usageError(
          `Cannot cut texts to --tokens ${length}: expected at least ${length - room + 1}, for the marks of begin and end and a token`,
        );
      const ids = new Int32Array(texts.length * length).fill(padding);
      texts.forEach((text, example) => {
        const inner = tokenizer.encode(text, { add_special_tokens: false }).ids.slice(0, room);
        if (!inner.every((id) => id >= 0 && id < vocabulary))
          throw dataError(`Cannot tokenise "${text.slice(0, 60)}": the vocabulary "${file}" lacks one of its tokens`);
        ids.set([...marks.begin, ...inner, ...marks.end], example * length);
      });
      return ids;
    },
  };
}

/** What is used of the library's tokenizer, whose own types do not resolve in Node's way. */
interface Cutter {
  encode(text: string, options?: { readonly add_special_tokens: boolean }): { readonly ids: readonly number[] };
  get_vocab(withAdded: boolean): ReadonlyMap<string, number>;
}

/** What is read of a tokenizer.json here. */
interface TokenizerJson {
  readonly model: { readonly type: string };
  readonly padding?: { readonly pad_id?: number } | null;
}

function makeTokenizer(json: TokenizerJson, file: string): Cutter {
  try {
    return new Tokenizer(json, {});
  } catch (error) {
    throw dataError(`Cannot use the vocabulary "${file}": ${(error as Error).message}`);
  }
}

function parseTokenizer(text: string, file: string): TokenizerJson {
  try {
    const json = JSON.parse(text);
    if (typeof json.model.type === 'string') return json;
  } catch {
    // Told below, like JSON of another kind.
  }
  throw dataError(`Cannot read the vocabulary "${file}": expected a tokenizer.json with a "model" of some "type"`);
}

/** BERT's tokenizer as a tokenizer.json would have it, made from the lines of a vocab.txt. */
function bertTokenizer(text: string, file: string): TokenizerJson {
  const tokens = text.replace(/\r?\n$/, '').split(/\r?\n/);
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
  const missing = special.filter((token) => !(token in vocab));
  if (missing.length > 0)
    throw dataError(
      `Cannot use the vocabulary "${file}": it lacks ${missing.join(', ')}, expected BERT's vocab.txt with a token a line`,
    );
  // A to Z alone: the uncased vocabulary itself holds ℝ.
  const isUncased = !tokens.some((token) => /[A-Z]/.test(token) && !/^\[.+\]$/.test(token));
  const mark = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  return {
    added_tokens: [...special, '[MASK]']
      .filter((token) => token in vocab)
      .map((content) => ({ id: vocab[content], content, special: true, normalized: false })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: isUncased },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [mark('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, mark('[SEP]')],
      pair: [],
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  } as TokenizerJson;
}

/** The ids that the tokenizer puts before and after those of a text. */
function marksOf(tokenizer: Cutter): { readonly begin: readonly number[]; readonly end: readonly number[] } {
  const probe = 'a';
  const inner = tokenizer.encode(probe, { add_special_tokens: false }).ids;
  const whole = tokenizer.encode(probe).ids;
  for (let at = 0; at <= whole.length - inner.length; at++)
    if (inner.every((id, place) => whole[at + place] === id))
      return { begin: whole.slice(0, at), end: whole.slice(at + inner.length) };
  return { begin: [], end: [] };
}
