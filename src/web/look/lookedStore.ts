import { dataError, RhoError } from '../../core/errors.ts';
import { findSuspects } from '../../core/labelErrors.ts';
import type { Dataset } from '../../data/dataset.ts';
import { openToScore } from '../../jobs/experiment.ts';
import type { MovedData } from '../../jobs/storeData.ts';
import type { LossTable } from '../../store/lossTable.ts';
import type { StoreManifest } from '../../store/manifest.ts';
import { openLossStore } from '../../store/readStore.ts';
import { withoutNan } from '../../store/withoutNan.ts';

/** A store that is looked at, in memory. */
export interface LookedStore {
  readonly folder: string;
  readonly manifest: StoreManifest;
  /** Rows whose loss is a number. */
  readonly table: LossTable;
  readonly nan: number;
  readonly suspects: Uint8Array;
  /** Null until they are opened. */
  data: Dataset | null;
}

let looked: LookedStore | undefined;
let reads = 0;

/** Reads a store anew; where it is of the same data with the same labels as before, these stay open. */
export async function readLooked(folder: string): Promise<LookedStore> {
  const mine = ++reads;
  const { manifest, readTable } = await openLossStore(folder);
  const { table, nan } = withoutNan(await readTable());
  // Their options as well: label noise, and what labels were given.
  const isSame = looked?.folder === folder && JSON.stringify(looked.manifest.data) === JSON.stringify(manifest.data);
  const data = isSame ? looked!.data : null;
  const store = { folder, manifest, table, nan, suspects: findSuspects(table, manifest.data.classes), data };
  // A large one may end after a small one that was asked for later.
  if (mine === reads) looked = store;
  return store;
}

/** The store that was read last, or another one. */
export async function lookedStore(folder: string): Promise<LookedStore> {
  return looked?.folder === folder ? looked : readLooked(folder);
}

/** Opens the data of a store as they lie now; null tries where the store says. Gives why not, or null. */
export async function openLookedData(folder: string, moved: MovedData | null): Promise<string | null> {
  const store = await lookedStore(folder);
  if (store.data !== null) return null;
  try {
    store.data = await openFitting(store, moved ?? {});
    return null;
  } catch (error) {
    if (error instanceof RhoError) return error.message;
    throw error;
  }
}

/**
 * Its examples are the same where the stored ones are: what decoded them may well be another here, so that fingerprints
 * differ, and labels are those of the store anyway.
 */
async function openFitting({ folder, manifest }: LookedStore, moved: MovedData): Promise<Dataset> {
  const { name, vocab, holdout, noise, tokens, imageSize, preprocessing, dataSeed } = manifest.data;
  const { data } = await openToScore({
    data: moved.data ?? name,
    test: null,
    labels: moved.labels ?? null,
    vocab: moved.vocab ?? (moved.data === undefined ? vocab : null),
    ...{ holdout, noise, tokens, imageSize, preprocessing, dataSeed },
  });
  if (data.contentHash !== manifest.data.contentHash)
    throw dataError(
      `Cannot show pictures or texts of "${folder}": it was made for other data ("${name}", ${manifest.data.length} examples) than "${data.name}" (${data.length} examples); give those it was made for`,
    );
  return data;
}
