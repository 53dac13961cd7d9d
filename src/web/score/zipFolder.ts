import { dataError } from '../../core/errors.ts';
import { fileAt, isFolder, joinPath, listFolder } from '../../runtime/web/files.ts';

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
  const files = await filesIn(folder, folder.split('/').at(-1)!);
  const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
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
  for (const { name, blob } of files) {
    const entry = new ZipPassThrough(name);
    entry.mtime = anyTime;
    zip.add(entry);
    entry.push(new Uint8Array(await blob.arrayBuffer()), true);
    put();
  }
  zip.end();
  put();
  return new Blob(parts, { type: 'application/zip' });
}

interface ZippedFile {
  readonly name: string;
  readonly blob: Blob;
}

async function filesIn(path: string, name: string): Promise<readonly ZippedFile[]> {
  if (!(await isFolder(path))) return [{ name, blob: await fileAt(path) }];
  const files: ZippedFile[] = [];
  for (const entry of await listFolder(path)) files.push(...(await filesIn(joinPath(path, entry), `${name}/${entry}`)));
  return files;
}
