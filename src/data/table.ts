import Papa from 'papaparse';
import { dataError } from '../core/errors.ts';
import { readUnpacked } from './gunzip.ts';

/** The cells of a text file, row by row, its header included. */
export type Table = readonly (readonly string[])[];

/** Reads a file of comma-separated values (RFC 4180: cells may be quoted), UTF-8, plain or .gz. */
export async function readCsv(file: string): Promise<Table> {
  const text = await readTextFile(file);
  const { data, errors } = Papa.parse<string[]>(withoutLastBreak(text), { delimiter: ',' });
  const [error] = errors;
  if (error !== undefined)
    throw dataError(`Cannot read "${file}": ${error.message.toLowerCase()} in row ${(error.row ?? 0) + 1}`);
  return rectangular(data, file);
}

/** Reads a file of tab-separated values without quoting, UTF-8, plain or .gz. */
export async function readTsv(file: string): Promise<Table> {
  const text = withoutLastBreak(await readTextFile(file));
  const lines = text === '' ? [] : text.split(/\r?\n/);
  return rectangular(
    lines.map((line) => line.split('\t')),
    file,
  );
}

/** The class in a cell; `row` counts from 1 and `file` is what the error names. */
export function parseLabel(cell: string, file: string, row: number): number {
  if (!/^\d{1,9}$/.test(cell.trim()))
    throw dataError(`Cannot use the labels of "${file}": row ${row} has "${cell}", expected a whole number from 0 up`);
  return Number(cell);
}

/** The whole file as text, UTF-8, plain or .gz; a data error where it is none. */
export async function readTextFile(file: string): Promise<string> {
  const bytes = await readUnpacked(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw dataError(`Cannot read "${file}": it is not UTF-8 text; convert it`);
  }
}

function withoutLastBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function rectangular(rows: Table, file: string): Table {
  const columns = rows[0]?.length ?? 0;
  const row = rows.findIndex((cells) => cells.length !== columns);
  if (row >= 0)
    throw dataError(
      `Cannot read "${file}": row ${row + 1} has ${rows[row]!.length} columns, expected ${columns} as in the first row`,
    );
  return rows;
}
