import { dataError } from '../../core/errors.ts';
import { type DroppedFile, sorted } from './droppedFiles.ts';
import { below } from './paths.ts';

/** What a .zip tells of a file in it. */
interface Entry {
  readonly path: string;
  /** 0 for bytes as they are, 8 for deflate. */
  readonly method: number;
  readonly isSecret: boolean;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where its own header begins. */
  readonly at: number;
}

// Signatures, and how long the records are that begin with them, as APPNOTE.TXT of PKWARE has them (sections 4.3.7 to 4.3.16).
const endOfDirectory = { mark: 0x06054b50, bytes: 22 } as const;
const locator64 = { mark: 0x07064b50, bytes: 20 } as const;
const endOfDirectory64 = { mark: 0x06064b50, bytes: 56 } as const;
const directoryEntry = { mark: 0x02014b50, bytes: 46 } as const;
const localHeader = { mark: 0x04034b50, bytes: 30 } as const;
const longestComment = 0xffff;
/** What stands for a number that is found in the record of 64 bits. */
const elsewhere = 0xffff_ffff;

/** Files that are unpacked at once: the browser does it beside the page. */
const atOnce = 16;

/**
 * Puts the files in place of each .zip among `files`, in a folder of its name where the archive has none around all; `tell` hears how many
 * are unpacked. What is stored as it is is not copied; the browser keeps what it unpacks. Throws a data error where an archive cannot be read.
 */
export async function unzipped(
  files: readonly DroppedFile[],
  tell: (count: number) => void,
): Promise<readonly DroppedFile[]> {
  const all: DroppedFile[] = [];
  for (const given of files) {
    if (/\.zip$/i.test(given.path)) all.push(...(await filesInZip(given, tell)));
    else all.push(given);
  }
  return all;
}

async function filesInZip({ path, file }: DroppedFile, tell: (count: number) => void): Promise<readonly DroppedFile[]> {
  const entries = sorted(await readDirectory(file)).filter((entry) => !entry.path.endsWith('/'));
  const tops = new Set(entries.map((entry) => /^[^/]*\//.exec(entry.path)?.[0] ?? ''));
  const folder = tops.size === 1 && !tops.has('') ? '' : path.replace(/^.*\/|\.zip$/gi, '');
  const found: DroppedFile[] = [];
  for (let from = 0; from < entries.length; from += atOnce) {
    tell(from);
    const some = entries.slice(from, from + atOnce);
    found.push(
      ...(await Promise.all(
        some.map(async (entry) => ({
          path: below(folder, entry.path),
          file: new File([await contentOf(file, entry)], entry.path, { lastModified: file.lastModified }),
        })),
      )),
    );
  }
  return found;
}

/** Reads the directory at the end of an archive. */
async function readDirectory(file: File): Promise<readonly Entry[]> {
  const from = Math.max(0, file.size - endOfDirectory.bytes - longestComment - locator64.bytes);
  const tail = await viewOf(file, from, file.size);
  let at = tail.byteLength - endOfDirectory.bytes;
  while (at >= 0 && tail.getUint32(at, true) !== endOfDirectory.mark) at--;
  if (at < 0) throw unreadable(file, 'it has no directory at its end, as one that was not copied whole');
  let [count, bytes, start] = [
    tail.getUint16(at + 10, true),
    tail.getUint32(at + 12, true),
    tail.getUint32(at + 16, true),
  ];
  const before = at - locator64.bytes;
  if (before >= 0 && tail.getUint32(before, true) === locator64.mark) {
    const end = await viewOf(file, uint64(tail, before + 8), uint64(tail, before + 8) + endOfDirectory64.bytes);
    [count, bytes, start] = [uint64(end, 32), uint64(end, 40), uint64(end, 48)];
  }
  const directory = await viewOf(file, start, start + bytes);
  const entries: Entry[] = [];
  for (let next = 0; entries.length < count; ) {
    if (next + directoryEntry.bytes > bytes || directory.getUint32(next, true) !== directoryEntry.mark)
      throw unreadable(file, `its directory ends after ${entries.length} of ${count} files`);
    const lengths = [28, 30, 32].map((field) => directory.getUint16(next + field, true));
    const [nameBytes, extraBytes, commentBytes] = lengths as [number, number, number];
    const named = next + directoryEntry.bytes;
    const name = new Uint8Array(directory.buffer, directory.byteOffset + named, nameBytes);
    const sizes = longSizes(directory, next, named + nameBytes, extraBytes);
    entries.push({
      path: new TextDecoder().decode(name),
      method: directory.getUint16(next + 10, true),
      isSecret: (directory.getUint16(next + 8, true) & 1) === 1,
      ...sizes,
    });
    next = named + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

/** Sizes and place of an entry; those that need more than 32 bits stand in its extra field, one after the other. */
function longSizes(view: DataView, entry: number, extra: number, extraBytes: number) {
  let long = extra + extraBytes;
  for (let at = extra; at + 4 <= extra + extraBytes; at += 4 + view.getUint16(at + 2, true))
    if (view.getUint16(at, true) === 1) {
      long = at + 4;
      break;
    }
  const take = (field: number) => {
    const short = view.getUint32(entry + field, true);
    if (short !== elsewhere || long + 8 > extra + extraBytes) return short;
    long += 8;
    return uint64(view, long - 8);
  };
  const bytes = take(24);
  return { bytes, packedBytes: take(20), at: take(42) };
}

/** What an entry holds. */
async function contentOf(file: File, { path, method, isSecret, packedBytes, bytes, at }: Entry): Promise<Blob> {
  if (isSecret) throw unreadable(file, `"${path}" in it is encrypted`);
  if (method !== 0 && method !== 8)
    throw unreadable(file, `"${path}" in it is packed by method ${method}, expected deflate or none`);
  const header = await viewOf(file, at, at + localHeader.bytes);
  if (header.byteLength < localHeader.bytes || header.getUint32(0, true) !== localHeader.mark)
    throw unreadable(file, `"${path}" is not where its directory says`);
  const start = at + localHeader.bytes + header.getUint16(26, true) + header.getUint16(28, true);
  const packed = file.slice(start, start + packedBytes);
  const content =
    method === 0
      ? packed
      : await new Response(packed.stream().pipeThrough(new DecompressionStream('deflate-raw')))
          .blob()
          .catch(() => null);
  if (content?.size !== bytes) throw unreadable(file, `"${path}" in it is damaged`);
  return content;
}

async function viewOf(file: Blob, from: number, to: number): Promise<DataView> {
  return new DataView(await file.slice(from, to).arrayBuffer());
}

const uint64 = (view: DataView, at: number) => Number(view.getBigUint64(at, true));

const unreadable = (file: File, reason: string) =>
  dataError(`Cannot unpack "${file.name}": ${reason}; unpack it yourself and drop the folder`);
