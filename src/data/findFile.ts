import { joinPath, listFolder } from '../runtime/files.ts';

/** The path of the first of `names` that lies in `folder`, plain or as NAME.gz; null where none does. */
export async function findFile(folder: string, names: readonly string[]): Promise<string | null> {
  const present = await listFolder(folder);
  const found = names.flatMap((name) => [name, `${name}.gz`]).find((name) => present.includes(name));
  return found === undefined ? null : joinPath(folder, found);
}
