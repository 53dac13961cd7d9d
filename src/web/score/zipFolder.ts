import { dataError } from '../../core/errors.ts';
import { filesUnder } from '../filesUnder.ts';

/** Sizes and places in a .zip are numbers of 32 bits. */
const mostBytes = 0xffff_ffff;

/** The earliest time that a .zip can tell: the same files give the same bytes. */
const anyTime = new Date(1980, 0, 1);

/**
 * The files of a folder as one .zip, in which they lie in a folder of its name; stored, for losses hardly compress. What is
 * made goes to the browser file by file, so that one of them at most is in memory.
 */
export async function zipFolder(folder: string): Promise<Blob> {
  const { Zip, ZipPassThrough } = await import('fflate');
  const files = await filesUnder(folder);
  const above = folder.lastIndexOf('/') + 1;
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  if (total > mostBytes)
    throw dataError(
      `Cannot make one .zip of "${folder}": it has ${total} bytes, which are more than 4 GiB; download its files one by one`,
    );
  const parts: Blob[] = [];
  let pieces: BlobPart[] = [];
  const put = () => {
    parts.push(new Blob(pieces));
    pieces = [];
  };
  const zip = new Zip((error, piece) => {
    if (error !== null) throw error;
    pieces.push(piece as Uint8Array<ArrayBuffer>);
  });
  for (const { path, file } of files) {
    const entry = new ZipPassThrough(path.slice(above));
    entry.mtime = anyTime;
    zip.add(entry);
    entry.push(new Uint8Array(await file.arrayBuffer()), true);
    put();
  }
  zip.end();
  put();
  return new Blob(parts, { type: 'application/zip' });
}
