import { namesOf } from './paths.ts';

/** What was given at a place: a file, or a folder by the names in it. */
type Mounted = Blob | Map<string, Mounted>;

/** Files that the user or the page has given, as a tree from the root. They are read in slices, and never written. */
const root = new Map<string, Mounted>();

/** Makes a file readable at `path`, in place of one that was there before. */
export function mountFile(path: string, file: Blob): void {
  const names = namesOf(path);
  let folder = root;
  for (const name of names.slice(0, -1)) {
    const below = folder.get(name);
    const next = below instanceof Map ? below : new Map<string, Mounted>();
    folder.set(name, next);
    folder = next;
  }
  folder.set(names.at(-1)!, file);
}

/** Takes everything at and under `path` away again. */
export function unmount(path: string): void {
  take(root, namesOf(path));
}

/** A folder that is left empty is none. */
function take(folder: Map<string, Mounted>, [name, ...below]: readonly string[]): void {
  if (name === undefined) folder.clear();
  const next = folder.get(name ?? '');
  if (below.length > 0 && next instanceof Map) take(next, below);
  if (below.length === 0 || (next instanceof Map && next.size === 0)) folder.delete(name ?? '');
}

/** What was given at `path`: a file, the names in a folder, or null for nothing. */
export function findMounted(path: string): Blob | ReadonlySet<string> | null {
  const found = at(namesOf(path));
  if (!(found instanceof Map)) return found ?? null;
  return found.size > 0 ? new Set(found.keys()) : null;
}

function at(names: readonly string[]): Mounted | undefined {
  let found: Mounted | undefined = root;
  for (const name of names) found = found instanceof Map ? found.get(name) : undefined;
  return found;
}
