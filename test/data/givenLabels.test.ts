import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { giveLabels } from '../../src/data/givenLabels.ts';
import { memoryDataset } from '../../src/data/memoryDataset.ts';

let root: string;
let dataset: Dataset;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rho-labels-'));
  dataset = await memoryDataset({
    name: 'three',
    classes: 3,
    inputs: [{ dtype: 'uint8', dims: [1], data: Uint8Array.of(7, 8, 9) }],
    labels: Int32Array.of(0, 1, 2),
    preprocessing: { kind: 'none' },
  });
});
afterAll(() => rm(root, { recursive: true }));

let count = 0;
async function fileOf(content: string | Uint8Array): Promise<string> {
  const file = join(root, `labels-${count++}.csv`);
  await writeFile(file, content);
  return file;
}

test('a class may be given by its name', async () => {
  const text = 'index,human\n0,owl\n1,2\n2, cat\n';
  const named = { ...dataset, classNames: ['2', 'cat', 'owl'] };
  expect([...(await giveLabels(named, `${await fileOf(text)}:human`)).labels]).toEqual([2, 2, 1]);
  await expect(giveLabels(dataset, `${await fileOf(text)}:human`)).rejects.toThrow('row 2 has "owl"');
});

test('labels are replaced by id, whatever the order of rows, and the old ones are the true ones', async () => {
  const text = 'index,aggre,worse\n2,2,0\n0,0,1\n1,1,1\n';
  for (const content of [text, gzipSync(text)]) {
    const given = await giveLabels(dataset, `${await fileOf(content)}:worse`);
    expect([[...given.labels], [...given.trueLabels!]]).toEqual([
      [1, 1, 0],
      [0, 1, 2],
    ]);
    const { inputs, labels } = await given.gather([2, 0]);
    expect([[...labels], inputs[0]!.data]).toEqual([[0, 1], Uint8Array.of(9, 7)]);
    expect(given.contentHash).toBe(dataset.contentHash);
  }
});

test.each<[string, 'usage' | 'data', string, string, string]>([
  [
    'an unknown column',
    'usage',
    'index,a,b\n0,0,0\n1,1,1\n2,2,2\n',
    'c',
    'Cannot use the column "c" of "FILE": expected one of a, b',
  ],
  ['the index itself', 'usage', 'index,a\n0,0\n1,1\n2,2\n', 'index', 'expected one of a'],
  ['no index', 'data', 'id,a\n0,0\n1,1\n2,2\n', 'a', 'its header id, a lacks a column index'],
  ['too few rows', 'data', 'index,a\n0,0\n1,1\n', 'a', 'it has 2 rows, "three" has 3 examples'],
  ['too many rows', 'data', 'index,a\n0,0\n1,1\n2,2\n3,0\n', 'a', 'it has 4 rows, "three" has 3 examples'],
  ['an index twice', 'data', 'index,a\n0,0\n1,1\n1,1\n', 'a', 'row 4 has index "1", expected each of 0 to 2 once'],
  ['an index beyond', 'data', 'index,a\n0,0\n1,1\n3,1\n', 'a', 'row 4 has index "3", expected each of 0 to 2 once'],
  ['an empty index', 'data', 'index,a\n,0\n1,1\n2,1\n', 'a', 'row 2 has index "", expected each of 0 to 2 once'],
  ['a label out of range', 'data', 'index,a\n0,0\n1,3\n2,1\n', 'a', 'example 1 has label 3, expected 0 to 2'],
  ['a broken label', 'data', 'index,a\n0,0\n1,0.5\n2,1\n', 'a', 'row 3 has "0.5", expected a whole number from 0 up'],
  ['a label below 0', 'data', 'index,a\n0,-1\n1,0\n2,1\n', 'a', 'row 2 has "-1"'],
])('%s is refused', async (_what, kind, content, column, reason) => {
  const file = await fileOf(content);
  const error = await giveLabels(dataset, `${file}:${column}`).catch((error) => error);
  expect(error).toMatchObject({ kind });
  expect(error.message).toContain(reason.replace('FILE', file));
  expect(error.message).toContain(file);
});

test.each(['labels.csv', 'labels.csv:', ':worse'])('"%s" is refused with an example', async (spec) => {
  await expect(giveLabels(dataset, spec)).rejects.toThrow(
    `Cannot read labels from --labels "${spec}": expected FILE:COLUMN, such as labels.csv:worse`,
  );
});
