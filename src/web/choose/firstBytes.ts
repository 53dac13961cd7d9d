/** The first bytes of a file, unpacked where it is gzip; fewer where it is shorter or damaged. */
export async function firstBytes(file: Blob, count: number): Promise<Uint8Array> {
  const start = new Uint8Array(await file.slice(0, Math.max(2, count)).arrayBuffer());
  if (!isGzip(start)) return start.subarray(0, count);
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const found = new Uint8Array(count);
  let filled = 0;
  try {
    while (filled < count) {
      const { done, value } = await reader.read();
      if (done) break;
      const piece = value.subarray(0, count - filled);
      found.set(piece, filled);
      filled += piece.length;
    }
    await reader.cancel();
  } catch {
    // The job that reads the file says what is wrong with it.
  }
  return found.subarray(0, filled);
}

/** The bytes of a file, where it is gzip as its end says that there are once it is unpacked. */
export async function unpackedSize(file: Blob): Promise<number> {
  if (file.size < 18 || !isGzip(new Uint8Array(await file.slice(0, 2).arrayBuffer()))) return file.size;
  return new DataView(await file.slice(-4).arrayBuffer()).getUint32(0, true);
}

/** Whether bytes are those of a gzip file. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** The file as it is unpacked, which the browser keeps. */
export async function unpacked(file: Blob): Promise<Blob> {
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return isGzip(start) ? new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).blob() : file;
}
