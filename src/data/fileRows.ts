import type { ReadableFile } from '../runtime/files.ts';
import { type ByteFile, piecesOf } from './byteFile.ts';
import { limited } from './limited.ts';

/** Where rows of equal length lie in a file, one after the other. */
export interface RowPlace {
  readonly file: ByteFile;
  /** Byte at which what is read of the first row begins. */
  readonly offset: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
  readonly count: number;
}

/** Rows of `size` bytes that lie in files and are read as they are needed; a row's id is its position. */
export interface FileRows {
  readonly count: number;
  /** Bytes of a row. */
  readonly size: number;
  /** Reads the rows `ids` into `into`, in their order. Rows that lie close to each other are read at once. */
  gather(ids: ArrayLike<number>, into: Uint8Array): Promise<void>;
  /** The first `count` rows end to end, in pieces. */
  pieces(count: number): AsyncGenerator<Uint8Array>;
}

/** Bytes between two rows up to which both are read at once: as fast as a read of their own. */
const gapBytes = 2 ** 14;
const runBytes = 2 ** 22;
const readsAtOnce = 8;

/** The rows in `places`, those of the first before those of the second; `size` bytes of each row are read. */
export function fileRows(size: number, places: readonly RowPlace[]): FileRows {
  return {
    count: places.reduce((sum, { count }) => sum + count, 0),
    size,
    async gather(ids, into) {
      const files = new Map<RowPlace, Promise<ReadableFile>>();
      const opened = (place: RowPlace) => {
        const file = files.get(place) ?? place.file.open();
        files.set(place, file);
        return file;
      };
      const bounded = limited(readsAtOnce);
      const reads = runsOf(ids, size, places).map((run) =>
        bounded(async () => readRun(await opened(run.place), run, size, into)),
      );
      // All have to end before a file may be closed.
      const results = await Promise.allSettled(reads);
      for (const file of await Promise.allSettled(files.values()))
        if (file.status === 'fulfilled') await file.value.close();
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    },
    async *pieces(count) {
      let left = count;
      for (const place of places) {
        const rows = Math.min(left, place.count);
        if (rows > 0) yield* rowPieces(place, size, rows);
        left -= rows;
      }
    },
  };
}

/** Rows that are read at once. */
interface Run {
  readonly place: RowPlace;
  /** Ascending positions in the file. */
  readonly rows: number[];
  /** Where in the batch each of them belongs. */
  readonly slots: number[];
}

function runsOf(ids: ArrayLike<number>, size: number, places: readonly RowPlace[]): Run[] {
  const order = Uint32Array.from({ length: ids.length }, (_, slot) => slot);
  const ascends = order.every((slot) => slot === 0 || ids[slot - 1]! <= ids[slot]!);
  if (!ascends) order.sort((a, b) => ids[a]! - ids[b]! || a - b);
  const runs: Run[] = [];
  let [index, begin] = [0, 0];
  for (const slot of order) {
    while (ids[slot]! - begin >= places[index]!.count) begin += places[index++]!.count;
    const [place, row] = [places[index]!, ids[slot]! - begin];
    const run = runs.at(-1);
    const isNear =
      run !== undefined &&
      run.place === place &&
      (row - run.rows.at(-1)!) * place.stride - size <= gapBytes &&
      (row - run.rows[0]!) * place.stride + size <= runBytes;
    if (!isNear) runs.push({ place, rows: [row], slots: [slot] });
    else {
      run.rows.push(row);
      run.slots.push(slot);
    }
  }
  return runs;
}

async function readRun(
  file: ReadableFile,
  { place: { offset, stride }, rows, slots }: Run,
  size: number,
  into: Uint8Array,
): Promise<void> {
  const [first, slot] = [rows[0]!, slots[0]!];
  const from = offset + first * stride;
  const isCopy = stride === size && rows.every((row, i) => row === first + i && slots[i] === slot + i);
  if (isCopy) return file.read(from, into.subarray(slot * size, (slot + rows.length) * size));
  const bytes = new Uint8Array((rows.at(-1)! - first) * stride + size);
  await file.read(from, bytes);
  rows.forEach((row, i) => {
    const at = (row - first) * stride;
    into.set(bytes.subarray(at, at + size), slots[i]! * size);
  });
}

async function* rowPieces({ file, offset, stride }: RowPlace, size: number, rows: number): AsyncGenerator<Uint8Array> {
  if (stride === size) {
    yield* piecesOf(file, offset, offset + rows * size);
    return;
  }
  const perPiece = Math.max(1, Math.floor(2 ** 20 / stride));
  const end = offset + (rows - 1) * stride + size;
  for await (const piece of piecesOf(file, offset, end, perPiece * stride)) {
    const found = Math.ceil(piece.length / stride);
    const joined = new Uint8Array(found * size);
    for (let row = 0; row < found; row++) joined.set(piece.subarray(row * stride, row * stride + size), row * size);
    yield joined;
  }
}
