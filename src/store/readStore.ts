import { dataError } from '../core/errors.ts';
import { exists, joinPath, readText } from '../runtime/files.ts';
import { journalName } from './journal.ts';
import { joinTables, type LossTable } from './lossTable.ts';
import { manifestName, parseManifest, type StoreManifest } from './manifest.ts';
import { damaged, readShard } from './readShard.ts';

/** The losses of a store by global id. */
export interface LossesById {
  /** One for each example of the data set; NaN where the store has none, but also where the loss is NaN itself. */
  readonly loss: Float32Array;
  /** 0 where the store has no loss of that id, else 1 + the position in `models` of the model it comes from. */
  readonly scoredBy: Uint8Array;
}

/** A loss store on disk. Each reading checks the length, hash and ids of every shard; what is wrong is a data error. */
export interface LossStore {
  readonly folder: string;
  readonly manifest: StoreManifest;
  /** All rows by ascending id. */
  readTable(): Promise<LossTable>;
  readLosses(): Promise<LossesById>;
}

const allColumns = ['ids', 'loss', 'labels', 'predicted', 'margin'] as const;

/** Whether a folder holds a loss store that is whole, or was before it was added to. */
export function isLossStore(folder: string): Promise<boolean> {
  return exists(joinPath(folder, manifestName));
}

/** Whether a folder holds a loss store that is on its way. */
export function isUnfinishedStore(folder: string): Promise<boolean> {
  return exists(joinPath(folder, journalName));
}

/** Opens a loss store: reads its manifest and nothing else. A folder that is no store of version 1 is a data error. */
export async function openLossStore(folder: string): Promise<LossStore> {
  if (!(await isLossStore(folder))) throw await noStore(folder);
  const manifest = parseManifest(await readText(joinPath(folder, manifestName)), folder);
  return {
    folder,
    manifest,
    async readTable() {
      const tables: LossTable[] = [];
      for await (const { table } of shardsOf(folder, manifest, allColumns)) tables.push(table);
      return joinTables(tables);
    },
    async readLosses() {
      const loss = new Float32Array(manifest.data.length).fill(Number.NaN);
      let scoredBy = new Uint8Array(manifest.data.length);
      for await (const { table, scoredBy: soFar } of shardsOf(folder, manifest, ['ids', 'loss'])) {
        for (let row = 0; row < table.ids.length; row++) loss[table.ids[row]!] = table.loss[row]!;
        scoredBy = soFar;
      }
      return { loss, scoredBy };
    },
  };
}

async function noStore(folder: string): Promise<Error> {
  const cannot = `Cannot read loss store "${folder}"`;
  if (!(await exists(folder))) return dataError(`${cannot}: no such folder; name the folder that "rho score" wrote`);
  if (folder.endsWith('.zip'))
    return dataError(`${cannot}: it is an archive; unpack it and name the folder that is in it`);
  if (await isUnfinishedStore(folder))
    return dataError(`${cannot}: its scoring was interrupted; go on with the "rho score" command that began it`);
  return dataError(`${cannot}: it has no manifest.json; name the folder that "rho score" wrote`);
}

/** The shards one by one, never two at a time in memory, and which ids they have told of so far (see LossesById). */
async function* shardsOf<K extends keyof LossTable>(
  folder: string,
  { data, shards }: StoreManifest,
  columns: readonly (K | 'ids')[],
): AsyncGenerator<{ readonly table: Pick<LossTable, K | 'ids'>; readonly scoredBy: Uint8Array<ArrayBuffer> }> {
  const scoredBy = new Uint8Array(data.length);
  for (const shard of shards) {
    const table = await readShard(folder, shard, columns);
    for (let row = 0; row < table.ids.length; row++) {
      const id = table.ids[row]!;
      if (id >= data.length) throw damaged(folder, shard, `id ${id} is not among the ${data.length} examples`);
      if (scoredBy[id] !== 0) throw damaged(folder, shard, `id ${id} is in the store twice`);
      scoredBy[id] = 1 + shard.model;
    }
    yield { table, scoredBy };
  }
}
