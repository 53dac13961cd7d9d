import { fileAt, isFolder, joinPath, listFolder } from '../runtime/web/files.ts';
import type { NamedFile } from './protocol.ts';

/** The file at a path, or all files at any depth of the folder there, in the order of their names; none is read yet. */
export async function filesUnder(path: string): Promise<readonly NamedFile[]> {
  if (!(await isFolder(path))) return [{ path, file: await fileAt(path) }];
  const files: NamedFile[] = [];
  for (const name of await listFolder(path)) files.push(...(await filesUnder(joinPath(path, name))));
  return files;
}
