import { isFolder, joinPath, listFolder } from '../../runtime/web/files.ts';
import { folderOf, nameOf, places } from '../choose/paths.ts';
import { storesFolder } from '../score/storeFolder.ts';
import { describeKept, type KeptStore } from '../score/storeHandlers.ts';

/** The loss stores of now that can be trained with, the newest first: those that the browser keeps, and those that were given. */
export async function usableLosses(): Promise<readonly KeptStore[]> {
  const given = folderOf(places.store);
  const choices = (await namesIn(given)).filter((name) => name.startsWith(nameOf(places.store)));
  const folders = [storesFolder, ...choices.map((name) => joinPath(given, name))];
  const stores: KeptStore[] = [];
  for (const folder of folders)
    for (const name of await namesIn(folder)) {
      const store = await describeKept(joinPath(folder, name)).catch(() => null);
      if (store !== null && isUsable(store)) stores.push(store);
    }
  return stores.sort((a, b) => (a.created < b.created ? 1 : -1));
}

/** Whether a store has the losses of all examples to train on, with labels that the page can give them. */
function isUsable({ isWhole, rows, total, request: { data, options } }: KeptStore): boolean {
  return isWhole && rows === total && options.split !== 'holdout' && (data.labels ?? null) === null;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await isFolder(folder)) ? listFolder(folder) : [];
}
