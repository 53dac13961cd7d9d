import { namesOf } from './paths.ts';

/** Writes into a file of the private file system at once; only to be had in workers, and by one at a time. */
export interface SyncAccessHandle {
  write(bytes: Uint8Array, options?: { readonly at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

/** A file of the origin private file system, with what TypeScript knows in workers alone, or not at all. */
export interface OpfsFile extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncAccessHandle>;
  /** Not in every browser. Replaces what has that name. */
  move?(name: string): Promise<void>;
}

/** A folder of it. */
export type OpfsFolder = FileSystemDirectoryHandle & AsyncIterable<[string, FileSystemHandle]>;

/** The root of the files that the browser keeps for this site. */
export async function privateRoot(): Promise<OpfsFolder> {
  return (await navigator.storage.getDirectory()) as OpfsFolder;
}

/** The folder at `path`; made with all above it where `create` is set, else a NotFoundError. */
export function openFolder(path: string, create = false): Promise<OpfsFolder> {
  return along(namesOf(path), create);
}

/** The file at `path`, in a folder that has to be there; made where `create` is set and it is missing. */
export async function openFile(path: string, create = false): Promise<OpfsFile> {
  const names = namesOf(path);
  const folder = await along(names.slice(0, -1), false);
  return (await folder.getFileHandle(names.at(-1) ?? '', { create })) as OpfsFile;
}

/** What is at `path`; null where there is nothing, or where part of the path is a file. */
export async function findEntry(path: string): Promise<FileSystemHandle | null> {
  const names = namesOf(path);
  const name = names.at(-1);
  if (name === undefined) return privateRoot();
  try {
    const folder = await along(names.slice(0, -1), false);
    // A folder asked for as a file is a TypeMismatchError.
    return await folder.getFileHandle(name).catch((error) => {
      if (nameOf(error) !== 'TypeMismatchError') throw error;
      return folder.getDirectoryHandle(name);
    });
  } catch (error) {
    if (['NotFoundError', 'TypeMismatchError'].includes(nameOf(error))) return null;
    throw error;
  }
}

async function along(names: readonly string[], create: boolean): Promise<OpfsFolder> {
  let folder: FileSystemDirectoryHandle = await privateRoot();
  for (const name of names) folder = await folder.getDirectoryHandle(name, { create });
  return folder as OpfsFolder;
}

/** What kind of error the browser threw. */
export function nameOf(error: unknown): string {
  return (error as { readonly name?: string } | null)?.name ?? '';
}
