import { reportedLater } from '../../core/reportedLater.ts';

/**
 * Bytes that are read at once where a file is read from front to back: a browser takes about a millisecond for a read however
 * short, and one or two for these.
 */
const aheadBytes = 2 ** 22;

/** How a file was read last. */
interface Reading {
  /** Where the last read ended. */
  end: number;
  /** What was read ahead, from `from` on. */
  from: number;
  bytes: Promise<Uint8Array>;
}

/** By file; a file that was given is one as long as it is given, and what is read ahead goes with it. */
const readings = new WeakMap<Blob, Reading>();

const bytesOf = async (blob: Blob, from: number, to: number) =>
  new Uint8Array(await blob.slice(from, to).arrayBuffer());

/** Reads the bytes of a file from `position` on into `into`, which have to be there. A read that goes on where the last one ended reads ahead. */
export async function readAhead(blob: Blob, position: number, into: Uint8Array): Promise<void> {
  const end = position + into.length;
  const before = readings.get(blob);
  const goesOn = before?.end === position && into.length < aheadBytes;
  const reading = before ?? { end: 0, from: Number.POSITIVE_INFINITY, bytes: Promise.resolve(new Uint8Array()) };
  readings.set(blob, reading);
  reading.end = end;
  if (!goesOn) return into.set(await bytesOf(blob, position, end));
  const { from, bytes } = reading;
  // Not awaited here: reads that come meanwhile have to find what is being read.
  const limit = from + aheadBytes;
  const isKept = position >= from && position < limit;
  const next = isKept ? limit : position;
  let after: Promise<Uint8Array> | undefined;
  if (end > next) {
    after = reportedLater(bytesOf(blob, next, next + aheadBytes));
    Object.assign(reading, { from: next, bytes: after });
  }
  const have = isKept ? (await bytes).subarray(position - from, end - from) : new Uint8Array();
  into.set(have);
  if (after !== undefined) into.set((await after).subarray(0, into.length - have.length), have.length);
}
