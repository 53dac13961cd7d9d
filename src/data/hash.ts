const sliceBytes = 2 ** 20;

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}

/** SHA-256 of `bytes` in lower-case hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  return Array.from(await digest(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * A hash (hex) of any amount of bytes that never asks for them all at once: SHA-256 over the SHA-256 digests (32 bytes
 * each, end to end) of consecutive slices of 1 MiB, the last one shorter. It is the same however the bytes are split
 * into `parts`.
 */
export async function contentHash(parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
  const slice = new Uint8Array(sliceBytes);
  const digests: Uint8Array[] = [];
  let filled = 0;
  for await (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + sliceBytes - filled);
      slice.set(piece, filled);
      filled += piece.length;
      at += piece.length;
      if (filled < sliceBytes) continue;
      digests.push(await digest(slice));
      filled = 0;
    }
  }
  if (filled > 0) digests.push(await digest(slice.subarray(0, filled)));
  return sha256(Uint8Array.from(digests.flatMap((bytes) => [...bytes])));
}
