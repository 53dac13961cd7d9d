import { dataError } from '../core/errors.ts';
import { sha256 } from '../data/hash.ts';
import { exists, joinPath, readBytes, readText } from '../runtime/files.ts';
import { joinTables, type LossTable } from './lossTable.ts';
import { parseManifest, type StoreManifest, type StoreShard } from './manifest.ts';
import { decodeShard } from './shard.ts';

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

/** Opens a loss store: reads its manifest and nothing else. A folder that is no store of version 1 is a data error. */
export async function openLossStore(folder: string): Promise<LossStore> {
  const path = joinPath(folder, 'manifest.json');
  if (!(await exists(path)))
    throw dataError(
      `Cannot read loss store "${folder}": ${(await exists(folder)) ? 'it has no manifest.json' : 'no such folder'}; ` +
        'name the folder that "rho score" wrote',
    );
  const manifest = parseManifest(await readText(path), folder);
  return {
    folder,
    manifest,
    readTable: async () => joinTables((await readShards(folder, manifest, allColumns)).tables),
    async readLosses() {
      const { tables, scoredBy } = await readShards(folder, manifest, ['ids', 'loss']);
      const loss = new Float32Array(manifest.data.length).fill(Number.NaN);
      for (const { ids, loss: losses } of tables) for (const [row, id] of ids.entries()) loss[id] = losses[row]!;
      return { loss, scoredBy };
    },
  };
}

/** The shards one by one, and by id which model's shard a row is from (see LossesById). */
async function readShards<K extends keyof LossTable>(
  folder: string,
  { data, shards }: StoreManifest,
  columns: readonly (K | 'ids')[],
): Promise<{ tables: Pick<LossTable, K | 'ids'>[]; scoredBy: Uint8Array }> {
  const tables: Pick<LossTable, K | 'ids'>[] = [];
  const scoredBy = new Uint8Array(data.length);
  for (const shard of shards) {
    const table = await readShard(folder, shard, columns);
    for (const id of table.ids) {
      if (id >= data.length) throw damaged(folder, shard, `id ${id} is not among the ${data.length} examples`);
      if (scoredBy[id] !== 0) throw damaged(folder, shard, `id ${id} is in the store twice`);
      scoredBy[id] = 1 + shard.model;
    }
    tables.push(table);
  }
  return { tables, scoredBy };
}

async function readShard<K extends keyof LossTable>(
  folder: string,
  shard: StoreShard,
  columns: readonly (K | 'ids')[],
): Promise<Pick<LossTable, K | 'ids'>> {
  const path = joinPath(folder, shard.file);
  if (!(await exists(path))) throw damaged(folder, shard, 'no such file');
  const bytes = await readBytes(path);
  if (bytes.length !== shard.bytes)
    throw damaged(folder, shard, `it has ${bytes.length} bytes, expected ${shard.bytes}`);
  const found = await sha256(bytes);
  if (found !== shard.sha256)
    throw damaged(folder, shard, `its SHA-256 is ${found.slice(0, 8)}, expected ${shard.sha256.slice(0, 8)}`);

  const table = await decodeShard(bytes, columns).catch((error: Error) => {
    throw damaged(folder, shard, error.message);
  });
  const { ids } = table;
  if (ids.length !== shard.rows) throw damaged(folder, shard, `it has ${ids.length} rows, expected ${shard.rows}`);
  if (ids[0] !== shard.firstId || ids.at(-1) !== shard.lastId || ids.some((id, row) => row > 0 && id <= ids[row - 1]!))
    throw damaged(folder, shard, `its ids do not ascend from ${shard.firstId} to ${shard.lastId}`);
  return table;
}

function damaged(folder: string, { file }: StoreShard, reason: string): Error {
  return dataError(`Cannot read ${file} of loss store "${folder}": ${reason}; it is damaged, run "rho score" again`);
}
