import type { Dataset } from './dataset.ts';
import { sha256 } from './hash.ts';

/**
 * What identifies a data set in stores and cards: its stored bytes, its labels as trained on and the order of its ids
 * (an id is a position). Hex SHA-256 of the text `CONTENT LABELS LENGTH SHAPES`: the content hash, the SHA-256 of the labels as
 * little-endian int32, both in hex, the number of examples, and type and sizes of each input such as `uint8[1,28,28]`. Where
 * the numbers come from a decoder or a tokenizer, a space and its name follow.
 */
export async function fingerprintData(dataset: Dataset): Promise<string> {
  const { buffer, byteOffset, byteLength } = dataset.labels;
  const shapes = dataset.inputs.map(({ dtype, dims }) => `${dtype}[${dims}]`).join(' ');
  const labels = await sha256(new Uint8Array(buffer, byteOffset, byteLength));
  const parts = [dataset.contentHash, labels, dataset.length, shapes, ...(dataset.decoder ? [dataset.decoder] : [])];
  return sha256(new TextEncoder().encode(parts.join(' ')));
}
