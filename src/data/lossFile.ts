import { parquetReadObjects } from 'hyparquet';
import { dataError } from '../core/errors.ts';
import { readBytes } from '../runtime/files.ts';
import { readNpy } from './npy.ts';
import { readCsv } from './table.ts';

/** Numbers of some examples that a program of the user's computed: a loss each, or a probability for each class. */
export interface GivenNumbers {
  /** The example of each row; null where the file does not say and rows are in the order of the data. */
  readonly ids: readonly number[] | null;
  /** Numbers of a row. */
  readonly width: number;
  /** Row by row. */
  readonly values: Float32Array;
}

type What = 'loss' | 'probabilities';

/**
 * Reads losses or probabilities. A .npy file holds [N] losses or [N, classes] probabilities in the order of ids. A .csv file has
 * a header with `id` (or `index`); `loss` is the loss, or all other columns are the classes in order. A .parquet file has the
 * columns `id` and `loss`, or `id` and a list `probabilities`. Anything else is a data error.
 */
export async function readGivenNumbers(file: string, what: What): Promise<GivenNumbers> {
  if (file.endsWith('.npy')) return fromNpy(await readBytes(file), file, what);
  if (file.endsWith('.parquet')) return fromParquet(await readBytes(file), file, what);
  if (/\.csv(\.gz)?$/.test(file)) return fromCsv(await readCsv(file), file, what);
  throw dataError(`Cannot read losses from "${file}": expected a file .npy, .csv or .parquet`);
}

function fromNpy(bytes: Uint8Array, file: string, what: What): GivenNumbers {
  const { dtype, dims, data } = readNpy(bytes, file);
  if (dims.length !== (what === 'loss' ? 1 : 2) || !(dtype === 'float32' || dtype === 'float64'))
    throw dataError(
      `Cannot read ${what === 'loss' ? 'losses' : 'probabilities'} from "${file}": it holds ${dtype} [${dims.join(', ')}], expected float32 or float64 ${what === 'loss' ? '[examples]' : '[examples, classes]'}; convert it with astype("float32") and numpy.save`,
    );
  return { ids: null, width: dims[1] ?? 1, values: Float32Array.from(data as Float32Array) };
}

async function fromParquet(bytes: Uint8Array, file: string, what: What): Promise<GivenNumbers> {
  const buffer = new Uint8Array(bytes).buffer;
  const { compressors } = await import('hyparquet-compressors');
  const rows = await parquetReadObjects({ file: buffer, compressors }).catch((error: Error) => {
    throw dataError(`Cannot read "${file}": ${error.message}`);
  });
  const numbers = rows.map((row) => (what === 'loss' ? [row.loss] : row.probabilities));
  const at = rows.findIndex((row, i) => !isId(row.id) || !isNumbers(numbers[i], numbers[0].length));
  if (rows.length === 0 || at >= 0)
    throw dataError(
      `Cannot read ${what} from "${file}": row ${at + 1} has ${Object.keys(rows[at] ?? {}).join(', ') || 'nothing'}, expected id and ${what === 'loss' ? 'loss' : 'a list probabilities'}`,
    );
  return {
    ids: rows.map(({ id }) => Number(id)),
    width: numbers[0].length,
    values: Float32Array.from(numbers.flat(), Number),
  };
}

function isId(value: unknown): boolean {
  return typeof value === 'bigint' || typeof value === 'number';
}

function isNumbers(list: unknown, length: number): boolean {
  return Array.isArray(list) && list.length === length && list.every((value) => typeof value === 'number');
}

function fromCsv([header = [], ...rows]: readonly (readonly string[])[], file: string, what: What): GivenNumbers {
  const id = header.findIndex((name) => name === 'id' || name === 'index');
  const columns = [...header.keys()].filter(
    (column) => column !== id && (what !== 'loss' || header[column] === 'loss'),
  );
  if (id < 0 || columns.length === 0)
    throw dataError(
      `Cannot read ${what} from "${file}": its header is ${header.join(', ')}, expected id and ${what === 'loss' ? 'loss' : 'a column for each class'}`,
    );
  return {
    ids: rows.map((cells, row) => numberIn(cells[id]!, file, row)),
    width: columns.length,
    values: Float32Array.from(
      rows.flatMap((cells, row) => columns.map((column) => numberIn(cells[column]!, file, row))),
    ),
  };
}

function numberIn(cell: string, file: string, row: number): number {
  const text = cell.trim().toLowerCase();
  if (text === 'nan') return Number.NaN;
  if (/^[-+]?inf(inity)?$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (text === '' || Number.isNaN(Number(text)))
    throw dataError(`Cannot read "${file}": row ${row + 2} has "${cell}", expected a number`);
  return Number(text);
}
