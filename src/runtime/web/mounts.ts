import { namesOf } from './paths.ts';

/** Files that the user or the page has given, by path from the root. They are read in slices, and never written. */
const mounted = new Map<string, Blob>();

/** Makes a file readable at `path`, in place of one that was there before. */
export function mountFile(path: string, file: Blob): void {
  mounted.set(namesOf(path).join('/'), file);
}

/** Takes everything at and under `path` away again. */
export function unmount(path: string): void {
  const root = namesOf(path).join('/');
  for (const key of mounted.keys()) if (key === root || key.startsWith(`${root}/`) || root === '') mounted.delete(key);
}

/** What was given at `path`: a file, the names in a folder, or null for nothing. */
export function findMounted(path: string): Blob | ReadonlySet<string> | null {
  const key = namesOf(path).join('/');
  const file = mounted.get(key);
  if (file !== undefined) return file;
  const prefix = key === '' ? '' : `${key}/`;
  const names = new Set<string>();
  for (const path of mounted.keys()) if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split('/')[0]!);
  return names.size > 0 ? names : null;
}
