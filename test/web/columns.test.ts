import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { askForColumns, type TableFormat, withColumns } from '../../src/web/choose/columns.ts';

async function chosen(
  name: string,
  format: TableFormat,
  content: string | Uint8Array,
  text: number,
  label: number,
  isHeader = true,
) {
  const question = await askForColumns({ path: name, file: new File([content as BlobPart], name) }, format);
  return (await withColumns(question!, { text, label, isHeader })).text();
}

test('nothing is asked where the readers find text and label', async () => {
  const ask = (content: string, format: TableFormat) =>
    askForColumns({ path: 'x', file: new File([content], 'x') }, format);
  expect(await ask('Label,Review\n1,good\n', 'csv')).toBeNull();
  expect(await ask('gj04\t1\t\tOur friends\n', 'tsv')).toBeNull();
  expect(await ask('{"text": "good", "label": 1}\n', 'jsonl')).toBeNull();
});

test('the header says which columns they are, and rows stay as they are', async () => {
  expect(await chosen('x.csv', 'csv', 'label,words,stars\r\n9,"a, b",4\r\n', 1, 2)).toBe(
    'column0,text,label\n9,"a, b",4\r\n',
  );
  expect(await chosen('x.tsv.gz', 'tsv', gzipSync('words\tclass\nfine\t1\n'), 0, 1)).toBe('text\tlabel\nfine\t1\n');
});

test('a header is read as the rows are: cells that are empty, quoted or of several lines', async () => {
  const question = await askForColumns(
    { path: 'x.csv', file: new File([',review,rating\n0,fine,4\n'], 'x.csv') },
    'csv',
  );
  expect(question!.columns).toEqual(['', 'review', 'rating']);
  expect(await chosen('x.csv', 'csv', ',review,rating\n0,fine,4\n', 1, 2)).toBe('column0,text,label\n0,fine,4\n');
  const written = '\ufeff"a ""long""\nstory, told",größe,rating\r\nfine,x,4\r\n';
  expect(await chosen('x.csv', 'csv', written, 0, 2)).toBe('text,column1,label\nfine,x,4\r\n');
  expect(await chosen('x.csv', 'csv', '\ufeff1,fine\n', 1, 0, false)).toBe('label,text\n1,fine\n');
});

test('a table without a header gets one', async () => {
  expect(await chosen('x.csv', 'csv', '1,good film\n0,bad film\n', 1, 0, false)).toBe(
    'label,text\n1,good film\n0,bad film\n',
  );
});

test('objects keep text and label alone, however long the file is', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `{"stars": ${i % 5}, "body": "text ${i} ü", "id": ${i}}\n`);
  const found = await chosen('x.jsonl', 'jsonl', `${lines.join('')}\n`, 1, 0);
  expect(found.split('\n').slice(0, 2)).toEqual(['{"text":"text 0 ü","label":0}', '{"text":"text 1 ü","label":1}']);
  expect(found.trimEnd().split('\n')).toHaveLength(20_000);
});
