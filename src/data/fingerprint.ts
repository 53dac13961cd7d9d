import type { Dataset } from './dataset.ts';
import { sha256 } from './hash.ts';

/**
 * What identifies a data set in stores and cards: its stored bytes, its labels as trained on and the order of its ids
 * (an id is a position). Hex SHA-256 of the text `CONTENT LABELS LENGTH`: the content hash, the SHA-256 of the labels as
 * little-endian int32, both in hex, and the number of examples. How a model is fed with them does not matter: an irreducible
 * loss belongs to an example, whatever its target sees of it.
 */
export function fingerprintData({ contentHash, labels, length }: Dataset): Promise<string> {
  return fingerprintOf(contentHash, labels, length);
}

/** The fingerprint that the first `length` examples would have if they were all. */
export async function fingerprintOfFirst(dataset: Dataset, length: number): Promise<string> {
  return fingerprintOf(await dataset.hashOfFirst(length), dataset.labels.subarray(0, length), length);
}

async function fingerprintOf(contentHash: string, labels: Int32Array, length: number): Promise<string> {
  const labelsHash = await sha256(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  return sha256(new TextEncoder().encode([contentHash, labelsHash, length].join(' ')));
}
