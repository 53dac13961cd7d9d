import { fromBase64, toBase64 } from '../core/base64.ts';
import { dataError } from '../core/errors.ts';

/** A set of global ids as it stands in a manifest or a card: one bit for each example of the data set. */
export interface PackedIds {
  /** Examples of the whole data set: bits that count. */
  readonly length: number;
  /** Ids in the set. */
  readonly count: number;
  /** Base64 of ceil(length / 8) bytes: the id i is in the set where bit i mod 8 (1 is bit 0) of byte floor(i / 8) is 1. */
  readonly bits: string;
}

/** Packs some ids (any order, doubles are one) of a data set of `length` examples. Ids beyond it are a data error. */
export function packIds(ids: Iterable<number>, length: number): PackedIds {
  const bits = new Uint8Array(Math.ceil(length / 8));
  let count = 0;
  for (const id of ids) {
    if (id >= length) throw dataError(`Cannot pack id ${id}: the data set has ids 0 to ${length - 1}`);
    const bit = 1 << (id % 8);
    if ((bits[id >>> 3]! & bit) === 0) count++;
    bits[id >>> 3]! |= bit;
  }
  return { length, count, bits: toBase64(bits) };
}

/**
 * Tells of an id whether it is in a packed set, which stays packed: a hundred million ids take 12 MB. A set whose length or
 * count is not what it says is a data error.
 */
export function membership({ length, count, bits }: PackedIds): (id: number) => boolean {
  const bytes = fromBase64(bits);
  const isIn = (id: number) => ((bytes[id >>> 3] ?? 0) & (1 << (id % 8))) !== 0;
  let found = 0;
  for (let id = 0; id < bytes.length * 8; id++) if (isIn(id)) found += id < length ? 1 : Number.NaN;
  if (bytes.length !== Math.ceil(length / 8) || found !== count)
    throw dataError(
      `Cannot unpack a set of ids: ${count} of ${length} ids need as many bits set in ${Math.ceil(length / 8)} bytes, ` +
        `found ${found} in ${bytes.length}`,
    );
  return isIn;
}

/** The same ids as a set of those of a data set that has grown to `length` examples. */
export function grownIds({ count, bits }: PackedIds, length: number): PackedIds {
  const bytes = new Uint8Array(Math.ceil(length / 8));
  bytes.set(fromBase64(bits));
  return { length, count, bits: toBase64(bytes) };
}
