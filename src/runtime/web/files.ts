import { dataError } from '../../core/errors.ts';
import { attemptWith, type FileAction } from '../attempt.ts';
import type { AppendFile, ReadableFile } from '../files.ts';
import { temporaryName } from '../temporaryName.ts';
import { findMounted } from './mounts.ts';
import {
  findEntry,
  nameOf,
  type OpfsFile,
  type OpfsFolder,
  openFile,
  openFolder,
  type SyncAccessHandle,
} from './opfs.ts';
import { joinPath } from './paths.ts';
import { readAhead } from './readAhead.ts';

export type { AppendFile, ReadableFile } from '../files.ts';
export { finalName } from '../temporaryName.ts';
export { joinPath } from './paths.ts';

// What was given to the page lies over the private file system of its origin: that is written, the other only read.
// Relative paths begin at the root, for there is no other folder to begin at.

const reasons: Readonly<Record<string, string>> = {
  NotReadableError: 'it has changed or gone since it was given to the page; give it again',
  QuotaExceededError: 'the browser gives this site no more space; free some on the disk, or remove earlier results',
  NoModificationAllowedError: 'it is open elsewhere, perhaps in another tab',
  TypeMismatchError: 'there is a folder in place of a file, or a file in place of a folder',
  SecurityError: 'the browser does not let this site keep files, as in a private window',
};

function reasonOf(error: unknown): string | null {
  const name = nameOf(error);
  return name === 'NotFoundError' ? null : (reasons[name] ?? (error as Error).message);
}

/** Runs `work`; an error of the file system becomes one sentence that says what could not be done to `path`. */
export function attempt<T>(action: FileAction, path: string, work: () => Promise<T>): Promise<T> {
  return attemptWith(reasonOf, action, path, work);
}

/** The file at `path` as what a browser reads slices of. */
async function blobAt(path: string): Promise<Blob> {
  const given = findMounted(path);
  if (given instanceof Blob) return given;
  if (given !== null) throw dataError(`Cannot read "${path}": it is a folder`);
  appending.get(joinPath('/', path))?.flush();
  const entry = await findEntry(path);
  if (entry?.kind === 'directory') throw dataError(`Cannot read "${path}": it is a folder`);
  return (await openFile(path)).getFile();
}

/** The file at `path`, to be handed to the page: nothing of it is in memory. */
export function fileAt(path: string): Promise<Blob> {
  return attempt('read', path, () => blobAt(path));
}

/** The whole file; an error where it is missing or unreadable. */
export function readBytes(path: string): Promise<Uint8Array> {
  return attempt('read', path, async () => new Uint8Array(await (await blobAt(path)).arrayBuffer()));
}

/** The whole file as UTF-8 text; an error where it is missing or unreadable. */
export function readText(path: string): Promise<string> {
  return attempt('read', path, async () => (await blobAt(path)).text());
}

/** Whether there is a file or folder of that name. */
export async function exists(path: string): Promise<boolean> {
  return findMounted(path) !== null || (await attempt('read', path, () => findEntry(path))) !== null;
}

/** Whether `path` is a folder; false where there is nothing. */
export async function isFolder(path: string): Promise<boolean> {
  const given = findMounted(path);
  if (given !== null) return !(given instanceof Blob);
  return (await attempt('read', path, () => findEntry(path)))?.kind === 'directory';
}

/** The names in a folder, sorted by code unit. */
export function listFolder(path: string): Promise<string[]> {
  return attempt('list', path, async () => {
    const given = findMounted(path);
    const names = new Set(given instanceof Blob ? [] : given);
    const isKept = given === null || (await findEntry(path))?.kind === 'directory';
    if (isKept) for await (const [name] of await openFolder(path)) names.add(name);
    return [...names].sort();
  });
}

/** Makes a folder and those above it; nothing where it is there already. */
export async function makeFolder(path: string): Promise<void> {
  await attempt('write', path, () => openFolder(path, true));
}

/** Removes a file, or a folder with all it holds; nothing where there is none. */
export function removePath(path: string): Promise<void> {
  return attempt('remove', path, async () => {
    requireUngiven(path, 'remove');
    if ((await findEntry(path)) === null) return;
    const names = joinPath('/', path).split('/');
    const folder = await openFolder(names.slice(0, -1).join('/'));
    await folder.removeEntry(names.at(-1)!, { recursive: true });
  });
}

function requireUngiven(path: string, action: 'write' | 'remove'): void {
  if (findMounted(path) !== null)
    throw dataError(`Cannot ${action} "${path}": it was given to the page to be read alone`);
}

/**
 * Writes a file that is there whole or not at all: under a temporary name beside it, flushed, then moved over what was there.
 * Its folder must exist. A browser that cannot move files writes into a copy that takes the place of the file when it is closed.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array | Iterable<string>): Promise<void> {
  const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
  return attempt('write', path, async () => {
    requireUngiven(path, 'write');
    const temporary = temporaryName(path);
    const file = await openFile(temporary, true);
    try {
      const handle = await file.createSyncAccessHandle();
      try {
        for (const piece of pieces) writeAtEnd(handle, typeof piece === 'string' ? encoder.encode(piece) : piece);
        handle.flush();
      } finally {
        handle.close();
      }
      if (file.move !== undefined) await file.move(joinPath('/', path).split('/').at(-1)!);
      else await replace(path, file);
    } catch (error) {
      await removePath(temporary);
      throw error;
    }
  });
}

const encoder = new TextEncoder();

async function replace(path: string, made: OpfsFile): Promise<void> {
  const stream = await (await openFile(path, true)).createWritable();
  // The file is replaced as the stream is closed, which this does at the end.
  await (await made.getFile()).stream().pipeTo(stream);
  await removePath(joinPath(path, '..', made.name));
}

/** Writes all of `bytes`, of which a disk that is full takes fewer without an error. */
function writeAtEnd(handle: SyncAccessHandle, bytes: Uint8Array): void {
  const written = handle.write(bytes, { at: handle.getSize() });
  if (written < bytes.length) throw new DOMException('', 'QuotaExceededError');
}

/**
 * Writes a folder that is there whole or not at all, but for the moment in which a finished one takes the place of another:
 * `fill` gets a temporary folder beside it, whose files are moved to `path`, which browsers cannot do with the folder itself.
 */
export async function writeFolderAtomic(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  requireUngiven(path, 'write');
  const temporary = temporaryName(path);
  await makeFolder(temporary);
  try {
    await fill(temporary);
    await attempt('write', path, async () => {
      await removePath(path);
      await copyFolder(await openFolder(temporary), await openFolder(path, true));
    });
  } finally {
    await removePath(temporary);
  }
}

async function copyFolder(from: OpfsFolder, to: FileSystemDirectoryHandle): Promise<void> {
  for await (const [name, entry] of from) {
    if (entry.kind === 'directory')
      await copyFolder(entry as OpfsFolder, await to.getDirectoryHandle(name, { create: true }));
    else {
      const stream = await (await to.getFileHandle(name, { create: true })).createWritable();
      await (await (entry as FileSystemFileHandle).getFile()).stream().pipeTo(stream);
    }
  }
}

/** Files that are open to be written at their end: what reads them meanwhile has to find all of it. */
const appending = new Map<string, SyncAccessHandle>();

/** Opens a file to write at its end; makes it where there is none. */
export async function openAppend(path: string): Promise<AppendFile> {
  const key = joinPath('/', path);
  const doing = <T>(work: () => T | Promise<T>): Promise<T> => attempt('write', path, async () => work());
  const handle = await doing(async () => {
    requireUngiven(path, 'write');
    return (await openFile(path, true)).createSyncAccessHandle();
  });
  appending.set(key, handle);
  return {
    write: (text) => doing(() => writeAtEnd(handle, encoder.encode(text))),
    size: () => doing(() => handle.getSize()),
    truncate: (bytes) => doing(() => handle.truncate(bytes)),
    sync: () => doing(() => handle.flush()),
    close: () =>
      doing(() => {
        appending.delete(key);
        handle.close();
      }),
  };
}

/** Opens a file to read parts of it. */
export async function openForReading(path: string): Promise<ReadableFile> {
  const blob = await fileAt(path);
  return {
    size: blob.size,
    read: (position, into) =>
      attempt('read', path, async () => {
        const end = position + into.length;
        if (end > blob.size)
          throw dataError(
            `Cannot read "${path}": it ends after ${blob.size} bytes, expected ${end}; fetch the file again`,
          );
        await readAhead(blob, position, into);
      }),
    close: async () => {},
  };
}
