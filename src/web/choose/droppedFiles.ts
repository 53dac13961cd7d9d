import { inSlices } from '../inSlices.ts';

/** A file that was dropped or chosen, with its path from what it was dropped with, such as `photos/cat/1.jpg`. */
export interface DroppedFile {
  readonly path: string;
  readonly file: File;
}

/** Files and folders that were dropped; `tell` hears how many files there are so far. Call it before the event is over. */
export async function droppedFiles(
  transfer: DataTransfer,
  tell: (count: number) => void,
): Promise<readonly DroppedFile[]> {
  // Nothing of the transfer can be asked for after the first wait.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found: DroppedFile[] = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push({ path: entry.name, file: entry });
    else if (entry !== null) await gather(entry, found, tell);
  }
  return sorted(found);
}

/** Files of an input, which has their paths where a folder was chosen. */
export async function chosenFiles(files: readonly File[]): Promise<readonly DroppedFile[]> {
  const found: DroppedFile[] = [];
  await inSlices(files, (file) => {
    found.push({ path: file.webkitRelativePath || file.name, file });
  });
  return sorted(found);
}

async function gather(entry: FileSystemEntry, into: DroppedFile[], tell: (count: number) => void): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.push({ path: entry.fullPath.replace(/^\//, ''), file });
    if (into.length % 100 === 0) tell(into.length);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives some entries at a time, and none when there are no more.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return;
    for (const below of entries) await gather(below, into, tell);
  }
}

/** By code unit, without what operating systems put beside files. */
export function sorted<File extends { readonly path: string }>(files: readonly File[]): readonly File[] {
  return files
    .filter(({ path }) => !path.split('/').some((name) => name.startsWith('.') || name === '__MACOSX'))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
