import { openForReading, type ReadableFile } from '../runtime/files.ts';
import { readUnpacked } from './gunzip.ts';

/** Bytes that are read here and there: a file on disk, or one that a browser was given. */
export interface ByteFile {
  /** What an error calls it. */
  readonly name: string;
  readonly size: number;
  /** All of them, where they are in memory anyway. */
  readonly bytes?: Uint8Array;
  open(): Promise<ReadableFile>;
}

const pieceBytes = 2 ** 20;

/** A longer file is read as it is needed. */
export const usuallyInMemory: number = 2 ** 28;

/** The file at `path`, nothing of which is held in memory. */
export async function diskFile(path: string): Promise<ByteFile> {
  const file = await openForReading(path);
  await file.close();
  return { name: path, size: file.size, open: () => openForReading(path) };
}

/** Bytes in memory in the shape of a file. */
export function memoryFile(name: string, bytes: Uint8Array): ByteFile {
  const file: ReadableFile = {
    size: bytes.length,
    read: async (position, into) => into.set(bytes.subarray(position, position + into.length)),
    close: async () => {},
  };
  return { name, size: bytes.length, bytes, open: async () => file };
}

/** The file at `path`: in memory where it is gzip, which is unpacked, or has at most `inMemory` bytes (256 MiB). */
export async function openBytes(path: string, inMemory: number = usuallyInMemory): Promise<ByteFile> {
  const file = await diskFile(path);
  const isInMemory = file.size <= inMemory || (await isGzip(file));
  return isInMemory ? memoryFile(path, await readUnpacked(path)) : file;
}

async function isGzip(file: ByteFile): Promise<boolean> {
  if (file.size < 2) return false;
  const [first, second] = await readPart(file, 0, 2);
  return first === 0x1f && second === 0x8b;
}

/** Runs `work` with the file open, and closes it. */
export async function whileOpen<T>(file: ByteFile, work: (open: ReadableFile) => Promise<T>): Promise<T> {
  const open = await file.open();
  try {
    return await work(open);
  } finally {
    await open.close();
  }
}

/** The bytes `from` up to `to`, freshly allocated, or fewer where the file ends before. */
export function readPart(file: ByteFile, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  return whileOpen(file, async (open) => {
    const bytes = new Uint8Array(Math.max(0, Math.min(to, file.size) - from));
    await open.read(from, bytes);
    return bytes;
  });
}

/** The bytes `from` up to `to` in pieces of `size` (1 MiB, or as much as a caller needs to find whole rows), the last one shorter. */
export async function* piecesOf(
  file: ByteFile,
  from: number,
  to: number,
  size: number = pieceBytes,
): AsyncGenerator<Uint8Array> {
  const open = await file.open();
  try {
    for (let at = from; at < to; at += size) {
      const piece = new Uint8Array(Math.min(size, to - at));
      await open.read(at, piece);
      yield piece;
    }
  } finally {
    await open.close();
  }
}
