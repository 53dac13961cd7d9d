import Papa from 'papaparse';
import { dataError } from '../core/errors.ts';
import { readUnpacked } from './gunzip.ts';
import { decodeText, linesOf } from './lines.ts';

/** The cells of a text file, row by row, its header included. */
export type Table = readonly (readonly string[])[];

/** Bytes of a file that are text at once: a longer file may be more than a string can hold. */
const usualPiece = 2 ** 26;

/** Reads a file of comma-separated values (RFC 4180: cells may be quoted), UTF-8, plain or .gz, in pieces of some 64 MiB. */
export async function readCsv(file: string, pieceBytes: number = usualPiece): Promise<Table> {
  const rows: string[][] = [];
  for (const piece of wholeRows(await readUnpacked(file), pieceBytes)) {
    const text = decodeText(piece, file).replace(/\r?\n$/, '');
    const { data, errors } = Papa.parse<string[]>(text, { delimiter: ',' });
    const [error] = errors;
    if (error !== undefined)
      throw dataError(
        `Cannot read "${file}": ${error.message.toLowerCase()} in row ${rows.length + (error.row ?? 0) + 1}`,
      );
    for (const row of data) rows.push(row);
  }
  return rectangular(rows, file);
}

const [quote, comma, lineFeed] = [0x22, 0x2c, 0x0a];

/** Comma-separated values in pieces that end with a row, each the shortest of at least `least` bytes but the last one. */
function* wholeRows(bytes: Uint8Array, least: number): Generator<Uint8Array> {
  let from = 0;
  // Nothing has to be looked for in a file of one piece.
  for (let at = 0, isQuoted = false, isStart = true; bytes.length - from > least && at < bytes.length; at++) {
    const byte = bytes[at];
    if (isQuoted) {
      // Two of them are one that is meant: the second opens what the first has closed.
      isStart = byte === quote;
      isQuoted = !isStart;
    } else if (byte === quote && isStart) isQuoted = true;
    else {
      isStart = byte === comma || byte === lineFeed;
      if (byte !== lineFeed || at + 1 - from < least) continue;
      yield bytes.subarray(from, at + 1);
      from = at + 1;
    }
  }
  if (from < bytes.length) yield bytes.subarray(from);
}

/** Reads a file of tab-separated values without quoting, UTF-8, plain or .gz. */
export async function readTsv(file: string): Promise<Table> {
  const rows: string[][] = [];
  for (const line of linesOf(await readUnpacked(file), file)) rows.push(line.split('\t'));
  return rectangular(rows, file);
}

/** The class in a cell; `row` counts from 1 and `file` is what the error names. */
export function parseLabel(cell: string, file: string, row: number): number {
  if (!/^\d{1,9}$/.test(cell.trim()))
    throw dataError(`Cannot use the labels of "${file}": row ${row} has "${cell}", expected a whole number from 0 up`);
  return Number(cell);
}

/** The whole file as text, UTF-8, plain or .gz; a data error where it is none. */
export async function readTextFile(file: string): Promise<string> {
  return decodeText(await readUnpacked(file), file);
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
