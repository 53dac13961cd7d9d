import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { fingerprintData } from '../../src/data/fingerprint.ts';
import { readJsonl } from '../../src/data/jsonl.ts';
import { openData } from '../../src/data/open.ts';
import { openText } from '../../src/data/text.ts';
import { dataFolders } from './dataFolders.ts';
import { textsParquet } from './parquetOf.ts';

const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'good', 'bad', 'film', '.', ''].join('\n');

const folderOf = dataFolders();

test('a line is an example, read as from a table of the same texts', async () => {
  const lines =
    '{"id": 7, "sentence": "good film", "label": 1}\r\n\n{"label": 0, "sentence": "bad \\u0022film\\u0022 ."}\n';
  const folder = await folderOf({
    'vocab.txt': vocabulary,
    'train.jsonl': lines,
    'validation.jsonl.gz': gzipSync(lines),
    'train.tsv': 'sentence\tlabel\ngood film\t1\nbad "film" .\t0\n',
  });
  const train = await openData(`jsonl:${folder}`, 'train', { tokens: 6 });
  const tsv = await openText('tsv', folder, 'train', { tokens: 6 });
  expect([train.name, train.length, [...train.labels]]).toEqual([`jsonl:${folder}`, 2, [1, 0]]);
  expect(await fingerprintData(train)).toBe(await fingerprintData(tsv));
  expect(await train.gather([1, 0])).toEqual(await tsv.gather([1, 0]));
  expect(await train.hashOfFirst(1)).toBe(await tsv.hashOfFirst(1));
  expect((await openText('jsonl', folder, 'test')).length).toBe(2);
});

test('labels may be names', async () => {
  const file = join(
    await folderOf({ 'x.jsonl': '{"text": "a", "label": "pos"}\n{"text": "b", "label": "neg"}' }),
    'x.jsonl',
  );
  expect(await readJsonl(file)).toEqual({
    texts: ['a', 'b'],
    labels: Int32Array.of(1, 0),
    classes: 2,
    classNames: ['neg', 'pos'],
  });
});

test.each<[string, string | Uint8Array, string]>([
  ['no JSON', '{"text": "a", "label": 0}\n\n{"text": ', 'line 3 is {"text":, expected one JSON object'],
  ['an array', '[1, 2]', 'line 1 is [1, 2], expected one JSON object'],
  ['no text', '{"words": "a", "label": 0}', 'in line 1 of "'],
  [
    'another text',
    '{"text": "a", "label": 0}\n{"review": "b", "label": 0}',
    'expected "label" and a text under "text"',
  ],
  ['no label', '{"text": "a"}', 'it has text, expected "label"'],
  ['a number for a text', '{"text": 3, "label": 0}', 'expected "label" and a text under "text"'],
  ['a broken label', '\n{"text": "a", "label": 1.5}', 'line 2 has 1.5, expected a whole number from 0 up'],
  ['nothing for a label', '{"text": "a", "label": null}', 'line 1 has null'],
  ['nothing at all', '\n\n', 'it holds no examples'],
  ['other text than UTF-8', Uint8Array.of(123, 0xff, 125), 'line 1 is not UTF-8 text'],
])('%s is refused', async (_what, content, reason) => {
  const file = join(await folderOf({ 'x.jsonl': content }), 'x.jsonl');
  await expect(readJsonl(file)).rejects.toMatchObject({ kind: 'data' });
  await expect(readJsonl(file)).rejects.toThrow(reason);
  await expect(readJsonl(file)).rejects.toThrow(`"${file}"`);
});

const folder = process.env.RHO_DATA;
describe.skipIf(!folder)('SST-2 (skipped unless RHO_DATA names the folder of public data)', () => {
  test('as JSON lines and as Parquet it has the ids of tokens of its table', async () => {
    const lines = (await readFile(join(folder!, 'sst2/dev.tsv'), 'utf8')).trimEnd().split('\n').slice(1);
    const cells = lines.map((line) => line.split('\t') as [string, string]);
    const [texts, labels] = [cells.map(([text]) => text), cells.map(([, label]) => Number(label))];
    const written = await folderOf({
      'dev.jsonl': cells.map(([text, label]) => JSON.stringify({ text, label: Number(label) })).join('\n'),
      'dev.parquet': textsParquet(texts, labels, { rowGroupSize: 300 }),
    });
    const options = { vocab: join(folder!, 'bert-vocab/vocab.txt') };
    const sets = [
      await openData(`tsv:${join(folder!, 'sst2')}`, 'test', options),
      await openData(`jsonl:${written}`, 'test', options),
      await openData(`parquet:${written}`, 'test', options),
    ];
    const prints = await Promise.all(sets.map(fingerprintData));
    expect(new Set(prints).size).toBe(1);
    const ids = Array.from({ length: 872 }, (_, id) => id);
    const [tsv, ...others] = await Promise.all(sets.map((data) => data.gather(ids)));
    for (const other of others) expect(other).toEqual(tsv);
  });
});
