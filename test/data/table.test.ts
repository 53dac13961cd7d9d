import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import Papa from 'papaparse';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labelledTexts } from '../../src/data/labelledTexts.ts';
import { readCsv, readTsv } from '../../src/data/table.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rho-table-'));
});
afterAll(() => rm(root, { recursive: true }));

let count = 0;
async function fileOf(content: string | Uint8Array): Promise<string> {
  const file = join(root, `table-${count++}`);
  await writeFile(file, content);
  return file;
}

test.each([
  [
    'plain cells',
    'a,b\n1,2\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'no break at the end',
    'a,b\n1,2',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'breaks of Windows',
    'a,b\r\n1,2\r\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'quoted commas, breaks and quotes',
    '"a,1","b\nc"\n"d""e",f\n',
    [
      ['a,1', 'b\nc'],
      ['d"e', 'f'],
    ],
  ],
  [
    'empty cells',
    ',\n"",x\n',
    [
      ['', ''],
      ['', 'x'],
    ],
  ],
  ['a byte order mark', '\ufeffa\n1\n', [['a'], ['1']]],
  ['one column', 'a\n1\n2\n', [['a'], ['1'], ['2']]],
])('CSV: %s', async (_what, text, rows) => {
  expect(await readCsv(await fileOf(text))).toEqual(rows);
  expect(await readCsv(await fileOf(gzipSync(text)))).toEqual(rows);
});

test('CSV: what is written by the rules comes back', async () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\t', ' '), maxLength: 6 });
  const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(rows, async (rows) => {
      const text = Papa.unparse(rows, { quotes: true, newline: '\n' });
      expect(await readCsv(await fileOf(text))).toEqual(rows);
    }),
    { numRuns: 50 },
  );
});

test('CSV: a long file is read in pieces, as if it were one', async () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' '), maxLength: 5 });
  const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 12 });
  const bare = fc.array(fc.tuple(fc.constantFrom('a', 'b"', '5" c', ''), fc.constantFrom('x', '')), { minLength: 1 });
  const text = fc.oneof(
    rows.map((rows) => Papa.unparse(rows, { quotes: true, newline: '\n' })),
    rows.map((rows) => Papa.unparse(rows, { newline: '\r\n' })),
    bare.map((rows) => rows.map((cells) => `${cells.join(',')}\n`).join('')),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 40 }), async (text, pieceBytes) => {
      const file = await fileOf(text);
      expect(await readCsv(file, pieceBytes)).toEqual(await readCsv(file));
    }),
    { numRuns: 200 },
  );
  const broken = await fileOf('a,b\n1,2\n3,4\n"5"x,6\n');
  await expect(readCsv(broken, 4)).rejects.toThrow('trailing quote on quoted field is malformed in row 4');
});

test('TSV: a quote is a character like any other', async () => {
  expect(await readTsv(await fileOf('a\tb\n"x\ty"\n'))).toEqual([
    ['a', 'b'],
    ['"x', 'y"'],
  ]);
  expect(await readTsv(await fileOf('a\tb\r\nc\t\r\n'))).toEqual([
    ['a', 'b'],
    ['c', ''],
  ]);
});

test.each<[string, typeof readCsv, string | Uint8Array, string]>([
  ['a quote that is not closed', readCsv, 'a,b\n"1,2\n', 'quoted field unterminated in row 2'],
  ['letters behind a quote', readCsv, 'a,b\n"1"x,2\n', 'trailing quote on quoted field is malformed in row 2'],
  ['a row too short', readCsv, 'a,b\n1,2\n3\n', 'row 3 has 1 columns, expected 2 as in the first row'],
  ['a row too long', readTsv, 'a\tb\n1\t2\t3\n', 'row 2 has 3 columns, expected 2'],
  ['an empty line within', readTsv, 'a\tb\n\n1\t2\n', 'row 2 has 1 columns, expected 2'],
  ['what is not UTF-8', readTsv, Uint8Array.of(0x61, 0xe9, 0x0a), 'line 1 is not UTF-8 text'],
])('%s is refused with its row', async (_what, read, content, reason) => {
  const file = await fileOf(content);
  await expect(read(file)).rejects.toMatchObject({ kind: 'data' });
  await expect(read(file)).rejects.toThrow(`Cannot read "${file}": ${reason}`);
});

describe('texts and labels', () => {
  test('SST-2: a header with sentence and label', () => {
    const { texts, labels } = labelledTexts(
      [
        ['sentence', 'label'],
        ['good', '1'],
        ['bad', '0'],
      ],
      'x',
    );
    expect([texts, [...labels]]).toEqual([
      ['good', 'bad'],
      [1, 0],
    ]);
  });

  test('CoLA: four columns without a header', () => {
    const rows = [
      ['gj04', '1', '', 'She sings.'],
      ['bc01', '0', '*', 'Sings she label.'],
    ];
    const { texts, labels } = labelledTexts(rows, 'x');
    expect([texts, [...labels]]).toEqual([
      ['She sings.', 'Sings she label.'],
      [1, 0],
    ]);
  });

  test.each(['sentence', 'Text', ' review ', 'CONTENT'])(
    'a column named "%s" holds the text, wherever it stands',
    (name) => {
      const { texts, labels } = labelledTexts(
        [
          ['Label', 'id', name],
          ['7', '0', 'words'],
        ],
        'x',
      );
      expect([texts, [...labels]]).toEqual([['words'], [7]]);
    },
  );

  test.each<[string, string[][], string]>([
    [
      'no column for the text',
      [
        ['words', 'label'],
        ['a', '0'],
      ],
      'it begins with "words", "label", expected a header',
    ],
    [
      'no column for the label',
      [
        ['sentence', 'class'],
        ['a', '0'],
      ],
      'expected a header with "label"',
    ],
    ['nothing', [], 'it begins with nothing'],
    ['a header alone', [['sentence', 'label']], 'it holds a header and no examples'],
    [
      'a label that is a word',
      [
        ['sentence', 'label'],
        ['a', '0'],
        ['b', 'pos'],
      ],
      'row 3 has "pos", expected a whole number',
    ],
    [
      'a label below 0',
      [
        ['sentence', 'label'],
        ['a', '-1'],
      ],
      'row 2 has "-1"',
    ],
    [
      'a broken label',
      [
        ['s', '1', '', 'a'],
        ['s', '0.5', '', 'b'],
      ],
      'row 2 has "0.5"',
    ],
  ])('%s is refused', (_what, rows, reason) => {
    expect(() => labelledTexts(rows, 'x.tsv')).toThrow(reason);
    expect(() => labelledTexts(rows, 'x.tsv')).toThrow('"x.tsv"');
  });
});
