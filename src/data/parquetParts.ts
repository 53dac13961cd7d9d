import { dataError } from '../core/errors.ts';
import { exists, isFolder, joinPath, listFolder } from '../runtime/files.ts';
import type { DataPart } from './opener.ts';

/** What the files of each part are called in sets of Hugging Face; the first that is there is taken. */
const partNames = { train: ['train'], test: ['validation', 'dev', 'val', 'test'] } as const;

/**
 * The Parquet files of a part of a data set, in order. `path` is a file, or a folder with `train.parquet`,
 * `train-00000-of-00003.parquet` and so on, or `train/*.parquet`; here or in `data`.
 */
export async function findParquet(path: string, part: DataPart): Promise<readonly string[]> {
  if (!(await exists(path))) throw dataError(`Cannot read "${path}": no such file or folder`);
  if (!(await isFolder(path))) return [path];
  for (const folder of [path, joinPath(path, 'data')]) {
    if (!(await isFolder(folder))) continue;
    const present = await listFolder(folder);
    for (const name of partNames[part]) {
      const found = present.filter((file) => isPartOf(file, name));
      if (found.length > 0) return complete(found, folder);
      const own = joinPath(folder, name);
      const inOwn = (await isFolder(own)) ? (await listFolder(own)).filter((file) => file.endsWith('.parquet')) : [];
      if (inOwn.length > 0) return complete(inOwn, own);
    }
  }
  const names = partNames[part].map((name) => `${name}-*.parquet`);
  throw dataError(`Cannot find the ${part} data in "${path}": expected ${names.join(' or ')}, here or in data/`);
}

function isPartOf(file: string, name: string): boolean {
  return file === `${name}.parquet` || (file.startsWith(`${name}-`) && file.endsWith('.parquet'));
}

/** The paths of `files`, all of which have to be there where their names say how many there are. */
function complete(files: readonly string[], folder: string): readonly string[] {
  const counts = files.map((file) => Number(/-of-(\d+)/.exec(file)?.[1] ?? files.length));
  const count = Math.max(...counts);
  if (count !== files.length)
    throw dataError(
      `Cannot use "${folder}": it has ${files.length} of the ${count} files that "${files[0]}" is one of; fetch the others`,
    );
  return files.map((file) => joinPath(folder, file));
}
