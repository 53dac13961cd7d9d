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
  return sortedInSlices(found);
}

/** Files of an input, which has their paths where a folder was chosen. */
export async function chosenFiles(files: ArrayLike<File>): Promise<readonly DroppedFile[]> {
  const found: DroppedFile[] = [];
  await inSlices(files, (file) => {
    found.push({ path: file.webkitRelativePath || file.name, file });
  });
  return sortedInSlices(found);
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

/** The same, in parts that are merged: sorting a large folder at once would block the page. */
async function sortedInSlices(files: readonly DroppedFile[]): Promise<readonly DroppedFile[]> {
  let parts: (readonly DroppedFile[])[] = [];
  const starts = Array.from({ length: Math.ceil(files.length / 1000) }, (_, at) => at * 1000);
  await inSlices(starts, (from) => parts.push(sorted(files.slice(from, from + 1000))));
  while (parts.length > 1) {
    const pairs = parts.flatMap((part, at) => (at % 2 === 0 ? [[part, parts[at + 1] ?? []] as const] : []));
    const next: (readonly DroppedFile[])[] = [];
    await inSlices(pairs, ([a, b]) => next.push(merged(a, b)));
    parts = next;
  }
  return parts[0] ?? [];
}

function merged(a: readonly DroppedFile[], b: readonly DroppedFile[]): readonly DroppedFile[] {
  const all: DroppedFile[] = [];
  for (let [i, j] = [0, 0]; i < a.length || j < b.length; ) {
    const isFirst = j >= b.length || (i < a.length && a[i]!.path <= b[j]!.path);
    all.push(isFirst ? a[i++]! : b[j++]!);
  }
  return all;
}
