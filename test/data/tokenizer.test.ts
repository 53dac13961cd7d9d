import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/data/hash.ts';
import { openTokenizer, type TextTokenizer, tokenizerLibrary } from '../../src/data/tokenizer.ts';

const tokens = '[PAD] [UNK] [CLS] [SEP] hello world , ! una ##ffa ##ble cafe 中 文 a ##a';
const [pad, unk, cls, sep, hello, world, comma, bang, una, ffa, ble, cafe, zhong, wen, a, moreA] = Array.from(
  { length: 16 },
  (_, id) => id,
) as [number, number, number, number, ...number[]];

let root: string;
let tokenizer: TextTokenizer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rho-tokenizer-'));
  tokenizer = await openTokenizer(await fileOf('vocab.txt', `${tokens.replaceAll(' ', '\n')}\n`));
});
afterAll(() => rm(root, { recursive: true }));

async function fileOf(name: string, content: string): Promise<string> {
  const file = join(root, name);
  await writeFile(file, content);
  return file;
}

test.each<[string, string, (number | undefined)[]]>([
  ['punctuation stands alone', 'Hello, world!', [hello, comma, world, bang]],
  ['the longest piece is taken first', 'unaffable', [una, ffa, ble]],
  ['a word without pieces is one unknown token', 'unaffablex hello', [unk, hello]],
  ['capitals and accents go', 'CAFÉ café', [cafe, cafe]],
  ['ideographs stand alone', 'hello中文', [hello, zhong, wen]],
  ['control characters go, blanks of all kinds part', 'hel\u0000lo\u00a0world\thello', [hello, world, hello]],
  ['nothing is nothing', ' ', []],
  ['100 characters are cut', 'a'.repeat(100), [a, ...new Array(99).fill(moreA)]],
  ['101 are unknown', 'a'.repeat(101), [unk]],
])('%s', (_what, text, ids) => {
  const found = [...tokenizer.encode([text], 110)];
  expect(found).toEqual([cls, ...ids, sep, ...new Array(108 - ids.length).fill(pad)]);
});

test('a long text is cut so that its end mark stays, each in a row of its own', () => {
  expect([...tokenizer.encode(['hello world hello', 'world', ''], 4)]).toEqual([
    ...[cls, hello, world, sep],
    ...[cls, world, sep, pad],
    ...[cls, sep, pad, pad],
  ]);
});

test('ids lie within the vocabulary, between the marks, and padding is at the end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 3 }),
      fc.integer({ min: 3, max: 12 }),
      (texts, length) => {
        // A text may spell a mark itself; then it stands in the middle.
        const plain = texts.map((text) => text.replaceAll('[', ''));
        const ids = tokenizer.encode(plain, length);
        expect(ids.length).toBe(length * plain.length);
        plain.forEach((_, example) => {
          const row = [...ids.subarray(example * length, (example + 1) * length)];
          const end = row.indexOf(sep);
          expect(row[0]).toBe(cls);
          expect(end).toBeGreaterThan(0);
          expect(row.slice(1, end).every((id) => id !== cls && id !== pad && id > 0 && id < 16)).toBe(true);
          expect(row.slice(end + 1).every((id) => id === pad)).toBe(true);
        });
      },
    ),
  );
});

test('the name holds the hash of the vocabulary', async () => {
  const bytes = await readFile(join(root, 'vocab.txt'));
  expect([tokenizer.name, tokenizer.vocabulary, tokenizer.padding]).toEqual([
    `wordpiece ${await sha256(bytes)}`,
    16,
    0,
  ]);
});

test('a vocabulary with capitals keeps the case', async () => {
  const cased = await openTokenizer(
    await fileOf('cased.txt', '[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nHello\r\nworld\r\n'),
  );
  expect([...cased.encode(['Hello hello world'], 6)]).toEqual([2, 4, 1, 5, 3, 0]);
});

test('a tokenizer.json is read as well', async () => {
  const json = {
    added_tokens: [{ id: 3, content: '<pad>', special: true }],
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '?',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: { '?': 0, hello: 1, world: 2 },
    },
  };
  const content = JSON.stringify(json);
  const words = await openTokenizer(await fileOf('tokenizer.json', content));
  expect([words.name, words.vocabulary, words.padding]).toEqual([
    `wordpiece ${await sha256(Buffer.from(content))}`,
    4,
    3,
  ]);
  expect([...words.encode(['Hello there world', 'world'], 2)]).toEqual([1, 0, 2, 3]);
});

test.each<[string, string, string, string]>([
  ['lines that are no BERT vocabulary', 'words.txt', 'hello\n[UNK]\n', 'it lacks [PAD], [CLS], [SEP]'],
  ['JSON without a model', 'none.json', '{}', 'expected a tokenizer.json'],
  ['text for JSON', 'text.json', 'hello', 'expected a tokenizer.json'],
  ['a model that is not known', 'odd.json', '{"model": {"type": "Odd", "vocab": {}}}', 'Cannot use the vocabulary'],
])('%s is refused', async (_what, name, content, reason) => {
  const file = await fileOf(name, content);
  const error = await openTokenizer(file).catch((error) => error);
  expect(error).toMatchObject({ kind: 'data' });
  expect(error.message).toContain(reason);
  expect(error.message).toContain(`"${file}"`);
});

test('a length without room for a token is a usage error', () => {
  expect(() => tokenizer.encode(['hello'], 2)).toThrow(
    'Cannot cut texts to --tokens 2: expected at least 3, for the marks of begin and end and a token',
  );
});

test('the library that is named is the one installed', async () => {
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(tokenizerLibrary).toBe(`@huggingface/tokenizers ${dependencies['@huggingface/tokenizers']}`);
});

const folder = process.env.RHO_DATA;
describe.skipIf(!folder)("BERT's vocabulary (skipped unless RHO_DATA names the folder of public data)", () => {
  test("ids are those of BERT's own tokenizer", async () => {
    const bert = await openTokenizer(join(folder!, 'bert-vocab/vocab.txt'));
    expect([bert.vocabulary, bert.padding]).toEqual([30_522, 0]);
    // Line numbers of vocab.txt from 0: hello 7592, "," 1010, world 2088, "!" 999, una 14477, ##ffa 20961, ##ble 3468.
    expect([...bert.encode(['Hello, world! unaffable'], 12)]).toEqual([
      101, 7592, 1010, 2088, 999, 14477, 20961, 3468, 102, 0, 0, 0,
    ]);
    // our 2256, friends 2814, won 2180, ' 1005, t 1056, buy 4965: the vocabulary holds no letter A to Z.
    expect([...bert.encode(["Our friends won't buy"], 8)]).toEqual([101, 2256, 2814, 2180, 1005, 1056, 4965, 102]);
  });
});
