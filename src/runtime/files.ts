import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { dataError } from '../core/errors.ts';
import { attemptWith, type FileAction } from './attempt.ts';
import { temporaryName } from './temporaryName.ts';

export { join as joinPath } from 'node:path';
export { finalName } from './temporaryName.ts';

/** A file that only grows at its end, except where `truncate` cuts it back. */
export interface AppendFile {
  write(text: string): Promise<void>;
  /** Its length in bytes. */
  size(): Promise<number>;
  /** Cuts it back to its first `bytes` bytes. */
  truncate(bytes: number): Promise<void>;
  /** Returns once what was written has reached the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A file that is read here and there, as a browser reads a File. */
export interface ReadableFile {
  /** Its length in bytes when it was opened. */
  readonly size: number;
  /** Fills `into` with the bytes from `position` on; an error where the file ends before. */
  read(position: number, into: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'there is a file of that name',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'part of the path is not a folder',
  EPERM: 'operation not permitted',
  EROFS: 'the disk is read-only',
};

function reasonOf(error: unknown): string | null {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? null : (reasons[code] ?? message);
}

/** Runs `work`; an error of the file system becomes one sentence that says what could not be done to `path`. */
export function attempt<T>(action: FileAction, path: string, work: () => Promise<T>): Promise<T> {
  return attemptWith(reasonOf, action, path, work);
}

/** The whole file; an error where it is missing or unreadable. */
export function readBytes(path: string): Promise<Uint8Array> {
  return attempt('read', path, async () => {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    // Not the Buffer itself, whose slice() does not copy as that of a Uint8Array does.
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
}

/** The whole file as UTF-8 text; an error where it is missing or unreadable. */
export function readText(path: string): Promise<string> {
  return attempt('read', path, () => readFile(path, 'utf8'));
}

function statOrNull(path: string): Promise<{ isDirectory(): boolean } | null> {
  return attempt('read', path, async () => {
    try {
      return await stat(path);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
      throw error;
    }
  });
}

/** Whether there is a file or folder of that name. */
export async function exists(path: string): Promise<boolean> {
  return (await statOrNull(path)) !== null;
}

/** Whether `path` is a folder; false where there is nothing. */
export async function isFolder(path: string): Promise<boolean> {
  return (await statOrNull(path))?.isDirectory() ?? false;
}

/** The names in a folder, sorted by code unit. */
export function listFolder(path: string): Promise<string[]> {
  return attempt('list', path, async () => (await readdir(path)).sort());
}

/** Makes a folder and those above it; nothing where it is there already. */
export async function makeFolder(path: string): Promise<void> {
  await attempt('write', path, () => mkdirs(resolve(path)));
}

/** Not mkdir's own `recursive`, which never returns under /proc and takes a read-only disk for a missing folder. */
async function mkdirs(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await mkdirs(dirname(path));
    await mkdir(path);
  }
}

/** Removes a file, or a folder with all it holds; nothing where there is none. */
export function removePath(path: string): Promise<void> {
  return attempt('remove', path, () => rm(path, { recursive: true, force: true }));
}

function temporaryBeside(path: string): string {
  return temporaryName(resolve(path));
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

async function syncFolder(path: string): Promise<void> {
  // A rename lasts once its folder is synced; systems that cannot open a folder (Windows) do this by themselves.
  const folder = await open(path, 'r').catch(() => null);
  await folder
    ?.sync()
    .catch(() => {})
    .finally(() => folder.close());
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = resolve(folder, entry.name);
    await (entry.isDirectory() ? syncTree(path) : syncFile(path));
  }
  await syncFolder(folder);
}

/**
 * Writes a file that is there whole or not at all: under a temporary name beside it, synced, then renamed over what was
 * there. Its folder must exist. Content in pieces is never in memory as a whole.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array | Iterable<string>): Promise<void> {
  const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
  return attempt('write', path, async () => {
    const temporary = temporaryBeside(path);
    try {
      const file = await open(temporary, 'wx');
      try {
        for (const piece of pieces) await file.writeFile(piece);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(resolve(path)));
  });
}

/**
 * Writes a folder that is there whole or not at all: `fill` gets a temporary folder beside it, which is synced and then
 * renamed to `path`. A folder of that name is replaced: it stands aside as `*.tmp` for the moment between two renames.
 */
export async function writeFolderAtomic(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryBeside(path);
  await makeFolder(temporary);
  try {
    await fill(temporary);
    await attempt('write', path, () => syncTree(temporary).then(() => replaceFolder(temporary, resolve(path))));
  } catch (error) {
    await removePath(temporary);
    throw error;
  }
}

async function replaceFolder(made: string, path: string): Promise<void> {
  const aside = temporaryBeside(path);
  const replaces = await exists(path);
  if (replaces) await rename(path, aside);
  try {
    await rename(made, path);
  } catch (error) {
    if (replaces) await rename(aside, path);
    throw error;
  }
  await syncFolder(dirname(path));
  if (replaces) await rm(aside, { recursive: true });
}

/** Opens a file to write at its end; makes it where there is none. */
export async function openAppend(path: string): Promise<AppendFile> {
  const doing = <T>(work: () => Promise<T>): Promise<T> => attempt('write', path, work);
  const file = await doing(() => open(path, 'a'));
  return {
    write: (text) => doing(() => file.appendFile(text)),
    size: async () => (await doing(() => file.stat())).size,
    truncate: (bytes) => doing(() => file.truncate(bytes)),
    sync: () => doing(() => file.sync()),
    close: () => doing(() => file.close()),
  };
}

/** Opens a file to read parts of it. */
export async function openForReading(path: string): Promise<ReadableFile> {
  const doing = <T>(work: () => Promise<T>): Promise<T> => attempt('read', path, work);
  const file = await doing(() => open(path, 'r'));
  const close = () => doing(() => file.close());
  const size = await doing(() => file.stat()).then(
    (stat) => stat.size,
    (error) => close().then(() => Promise.reject(error)),
  );
  return {
    size,
    read: (position, into) =>
      doing(async () => {
        for (let filled = 0; filled < into.length; ) {
          const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
          if (bytesRead === 0)
            throw dataError(
              `Cannot read "${path}": it ends after ${position + filled} bytes, expected ${position + into.length}; fetch the file again`,
            );
          filled += bytesRead;
        }
      }),
    close,
  };
}
