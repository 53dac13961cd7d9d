import { dataError } from '../core/errors.ts';
import { exists, finalName, joinPath, listFolder, removePath } from '../runtime/files.ts';

/** There while a process writes into the folder. */
export const lockName = 'writing.lock';

/** Files that belong to a store that is whole or on its way. */
const ownFile = /^(manifest\.json|scoring\.jsonl|writing\.lock|shard-\d{5,}(-\d+)?\.parquet)$/;

/** Refuses to write a store where there is anything else. */
export async function refuseOtherFiles(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  const other = (await listFolder(folder)).find((name) => !ownFile.test(finalName(name) ?? name));
  if (other !== undefined)
    throw dataError(
      `Cannot write loss store "${folder}": the folder holds "${other}", which is no part of one; name a new folder`,
    );
}

/** Clears away what a kill left half-written. */
export async function removeLeftovers(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  for (const name of await listFolder(folder)) if (finalName(name) !== null) await removePath(joinPath(folder, name));
}

/** Removes every file of a store that is not `listed`. */
export async function removeUnlisted(folder: string, listed: readonly string[]): Promise<void> {
  for (const name of await listFolder(folder))
    if (ownFile.test(name) && name !== lockName && !listed.includes(name)) await removePath(joinPath(folder, name));
}
