import { dataError } from '../core/errors.ts';
import { exists, joinPath, readText } from '../runtime/files.ts';
import { readJournal } from './journal.ts';
import { manifestName, parseManifest, type StoreDescription, type StoreManifest, type StoreShard } from './manifest.ts';

/** What earlier runs left in the folder of a store of one model. */
export interface FoundStore {
  /** Of the store that is whole, or was before it was added to; null where there is none. */
  readonly manifest: StoreManifest | null;
  /** What is or was being made; null where nothing is on its way. */
  readonly begun: StoreDescription | null;
  /** Shards that should be there. */
  readonly shards: readonly StoreShard[];
  /** Seconds of scoring so far. */
  readonly seconds: number;
}

/** Reads manifest and journal of a folder, which need not be there. What this program did not write is a data error. */
export async function findStore(folder: string): Promise<FoundStore> {
  const path = joinPath(folder, manifestName);
  const manifest = (await exists(path)) ? parseManifest(await readText(path), folder) : null;
  if (manifest !== null && manifest.models.length > 1)
    throw dataError(
      `Cannot write into loss store "${folder}": it holds the losses of ${manifest.models.length} models`,
    );
  const journal = await readJournal(folder);
  // A shard that was written anew in place of a damaged one has the same name.
  const shards = new Map((manifest?.shards ?? []).map((shard) => [shard.file, shard]));
  for (const { shard } of journal?.entries ?? []) shards.set(shard.file, shard);
  return {
    manifest,
    begun: journal?.description ?? null,
    shards: [...shards.values()],
    seconds: journal?.entries.at(-1)?.seconds ?? manifest?.scoring.seconds ?? 0,
  };
}

/** What the last run said of the store that it made; null where there was none. */
export function lastDescription({ manifest, begun }: FoundStore): StoreDescription | null {
  if (begun !== null || manifest === null) return begun;
  const { models, ...description } = manifest;
  return { ...description, model: models[0]! };
}
