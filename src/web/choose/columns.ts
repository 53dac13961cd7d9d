import { textColumns } from '../../data/columnNames.ts';
import type { DroppedFile } from './droppedFiles.ts';
import { firstBytes, unpacked } from './firstBytes.ts';

/** Formats of texts that are files of lines. */
export type TableFormat = 'csv' | 'tsv' | 'jsonl';

/** A table whose columns do not say which holds the text and which the label. */
export interface ColumnsQuestion {
  readonly file: DroppedFile;
  readonly format: TableFormat;
  /** The first row, or the keys of the first object. */
  readonly columns: readonly string[];
  /** What looks right. */
  readonly guess: ColumnsAnswer;
}

/** Places of the columns, and whether the first row names them. */
export interface ColumnsAnswer {
  readonly text: number;
  readonly label: number;
  readonly isHeader: boolean;
}

/** What columns of texts, and of labels, are often called. */
export const textPattern: RegExp = /text|sentence|review|content|comment|body|message|title|question/i;
export const labelPattern: RegExp = /label|class|target|categor|sentiment|star|score|rating|^y$/i;

/** Longer first lines are not looked at. */
const mostBytes = 2 ** 16;

/** What has to be asked of a table; null where the readers find text and label by themselves. */
export async function askForColumns(file: DroppedFile, format: TableFormat): Promise<ColumnsQuestion | null> {
  const start = await firstBytes(file.file, mostBytes);
  const first = format === 'csv' ? (await firstRowsOfCsv(start)).rows : firstRowsOfLines(start, format);
  const [columns = [], row = []] = first;
  const names = columns.map((name) => name.trim().toLowerCase());
  const isFound = names.includes('label') && textColumns.some((name) => names.includes(name));
  // CoLA: source, label, mark, sentence.
  const isCola = format !== 'jsonl' && columns.length === 4 && /^\d+$/.test(columns[1]!);
  if (isFound || isCola || columns.length < 2) return null;
  return { file, format, columns, guess: guess(columns, row, format) };
}

/** By the names of columns, and by what stands in a row. */
function guess(columns: readonly string[], row: readonly string[], format: TableFormat): ColumnsAnswer {
  const find = (pattern: RegExp) => columns.findIndex((name) => pattern.test(name));
  const isHeader = format === 'jsonl' || columns.every((cell) => !/\d/.test(cell) && cell.length < 40);
  const cells = isHeader ? row : columns;
  const lengthAt = (at: number) => cells[at]?.length ?? 0;
  const longest = columns.reduce((best, _, at) => (lengthAt(at) > lengthAt(best) ? at : best), 0);
  const named = find(textPattern);
  const text = isHeader && named >= 0 ? named : longest;
  const isNumber = (at: number) => /^\d{1,4}$/.test(cells[at] ?? '');
  const label = [isHeader ? find(labelPattern) : -1, columns.findIndex((_, at) => isNumber(at)), text === 0 ? 1 : 0];
  return { text, label: label.find((at) => at >= 0 && at !== text)!, isHeader };
}

/**
 * The table with the columns called what the readers look for, and the others what they do not; rows are as they were. Nothing but
 * the first line is read of CSV and TSV, unless they are packed.
 */
export async function withColumns({ file, format, columns }: ColumnsQuestion, answer: ColumnsAnswer): Promise<Blob> {
  const table = await unpacked(file.file);
  const { text, label, isHeader } = answer;
  if (format === 'jsonl') return renamedObjects(table, columns[text]!, columns[label]!);
  const header = columns.map((_, at) => (at === text ? 'text' : at === label ? 'label' : `column${at}`));
  const start = new Uint8Array(await table.slice(0, mostBytes).arrayBuffer());
  const headerBytes = format === 'csv' ? (await firstRowsOfCsv(start)).headerBytes : start.indexOf(10) + 1;
  const rows = table.slice(isHeader ? headerBytes : byteOrderMark(start));
  return new Blob([`${header.join(format === 'csv' ? ',' : '\t')}\n`, rows]);
}

/** A line at a time, so that a long file is neither held nor waited for at once. */
function renamedObjects(table: Blob, text: string, label: string): Promise<Blob> {
  let rest = '';
  const renamed = (line: string): string => {
    if (line.trim() === '') return '';
    const object = parse(line);
    // What is no object stays: the reader says where it stands.
    return object === null ? `${line}\n` : `${JSON.stringify({ text: object[text], label: object[label] })}\n`;
  };
  const rename = new TransformStream<string, string>({
    transform(piece, controller) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop()!;
      controller.enqueue(lines.map(renamed).join(''));
    },
    flush: (controller) => controller.enqueue(renamed(rest)),
  });
  const texts = table.stream().pipeThrough(new TextDecoderStream()).pipeThrough(rename);
  return new Response(texts.pipeThrough(new TextEncoderStream())).blob();
}

function parse(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** The header of comma-separated values and the row behind it, read as the job reads them, and where the header ends. */
async function firstRowsOfCsv(
  start: Uint8Array,
): Promise<{ rows: readonly (readonly string[])[]; headerBytes: number }> {
  const { default: Papa } = await import('papaparse');
  const text = new TextDecoder().decode(start);
  const rows: (readonly string[])[] = [];
  let end = 0;
  Papa.parse<string[]>(text, {
    delimiter: ',',
    step({ data, meta }, parser) {
      if (rows.push(data) === 1) end = meta.cursor;
      else parser.abort();
    },
  });
  return { rows, headerBytes: byteOrderMark(start) + new TextEncoder().encode(text.slice(0, end)).length };
}

function firstRowsOfLines(start: Uint8Array, format: 'tsv' | 'jsonl'): readonly (readonly string[])[] {
  const [line = '', second = ''] = new TextDecoder().decode(start).split(/\r?\n/, 2);
  if (format === 'tsv') return [line.split('\t'), second.split('\t')];
  const object = parse(line) ?? {};
  return [Object.keys(object), Object.values(object).map(String)];
}

/** Bytes of the mark that some programs begin a text with. */
function byteOrderMark([first, second, third]: Uint8Array): number {
  return first === 0xef && second === 0xbb && third === 0xbf ? 3 : 0;
}
