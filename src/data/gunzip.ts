import { dataError } from '../core/errors.ts';
import { readBytes } from '../runtime/files.ts';

/**
 * `bytes` unpacked where they are gzip (they start with 1f 8b), else as they are; `name` is the file an error names. One
 * gzip member is meant, as gzip writes; Deno refuses more.
 */
export async function gunzip(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  try {
    return new Uint8Array(await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  } catch {
    throw dataError(`Cannot unpack "${name}": its gzip data are damaged or cut short; fetch the file again`);
  }
}

/** The whole file, unpacked where it is gzip. */
export async function readUnpacked(path: string): Promise<Uint8Array> {
  return gunzip(await readBytes(path), path);
}
