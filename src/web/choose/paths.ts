import type { NamedFile } from '../protocol.ts';
import type { DroppedFile } from './droppedFiles.ts';

/**
 * Where the worker finds what was given, by what it is for. Each choice has a folder of its own beside it (`ownPlace`): jobs that work
 * on an earlier choice go on with that.
 */
export const places: { readonly model: string; readonly data: string; readonly vocab: string; readonly store: string } =
  {
    model: '/given/model',
    data: '/given/data',
    vocab: '/given/vocab',
    store: '/given/store',
  };

/** The folder of a choice for its files: the same again for the same files, after a reload too. */
export function ownPlace(place: string, identity: string): string {
  return `${place}-${identity}`;
}

/** A path at or under `place` as it is at or under `own`. */
export function movedTo(own: string, place: string, path: string): string {
  return own + path.slice(place.length);
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The folder that a path lies in; empty for none. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** A path below a folder, which may be empty. */
export function below(folder: string, path: string): string {
  return folder === '' ? path : path === '' ? folder : `${folder}/${path}`;
}

/** Files for the worker, where they lie as they were dropped. */
export function placed(place: string, files: readonly DroppedFile[]): readonly NamedFile[] {
  return files.map(({ path, file }) => ({ path: below(place, path), file }));
}

/** The folder that some paths have in common. */
export function commonFolder(folders: readonly string[]): string {
  const [first = '', ...others] = folders;
  const names = first.split('/');
  let shared = names.length;
  for (const other of others) {
    const its = other.split('/');
    let same = 0;
    while (same < shared && same < its.length && its[same] === names[same]) same++;
    shared = same;
  }
  return names.slice(0, shared).join('/');
}
