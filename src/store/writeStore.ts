import { dataError } from '../core/errors.ts';
import { sha256 } from '../data/hash.ts';
import { exists, joinPath, listFolder, writeFileAtomic, writeFolderAtomic } from '../runtime/files.ts';
import { joinTables, type LossTable, lossStatistics } from './lossTable.ts';
import { parseManifest, type StoreManifest, type StoreModel, type StoreShard } from './manifest.ts';
import { encodeShard } from './shard.ts';

/** What a manifest says that does not follow from the losses. */
export interface StoreDescription
  extends Omit<StoreManifest, 'format' | 'version' | 'models' | 'count' | 'statistics' | 'shards'> {
  readonly model: StoreModel;
}

/**
 * Writes a loss store of one model and one shard (none where `table` has no rows), whose rows may come in any order.
 * The folder is there whole or not at all; a store of that name is replaced. A folder that holds anything else, and ids
 * that are there twice or not in the data set, are data errors.
 */
export async function writeLossStore(
  folder: string,
  { created, writtenBy, data, model, ...description }: StoreDescription,
  table: LossTable,
): Promise<StoreManifest> {
  await refuseOtherFolder(folder);
  const sorted = joinTables([table]);
  const lastId = sorted.ids.at(-1) ?? -1;
  if (lastId >= data.length)
    throw dataError(
      `Cannot write loss store "${folder}": id ${lastId} is not among the ${data.length} examples of "${data.name}"`,
    );
  const manifest = (shards: readonly StoreShard[]): StoreManifest => ({
    format: 'rho-loss-store',
    version: 1,
    created,
    writtenBy,
    data,
    models: [model],
    ...description,
    count: sorted.ids.length,
    statistics: lossStatistics(sorted),
    shards,
  });

  let written = manifest([]);
  await writeFolderAtomic(folder, async (temporary) => {
    if (sorted.ids.length > 0) {
      const bytes = encodeShard(sorted, { data: data.fingerprint, model: model.fingerprint });
      const file = 'shard-00000.parquet';
      await writeFileAtomic(joinPath(temporary, file), bytes);
      written = manifest([
        {
          file,
          model: 0,
          rows: sorted.ids.length,
          firstId: sorted.ids[0]!,
          lastId,
          bytes: bytes.length,
          sha256: await sha256(bytes),
        },
      ]);
    }
    const json = `${JSON.stringify(written, null, 2)}\n`;
    parseManifest(json, folder);
    await writeFileAtomic(joinPath(temporary, 'manifest.json'), json);
  });
  return written;
}

async function refuseOtherFolder(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  const other = (await listFolder(folder)).find((name) => !/^(manifest\.json|shard-\d+\.parquet)$/.test(name));
  if (other !== undefined)
    throw dataError(
      `Cannot write loss store "${folder}": the folder holds "${other}", which writing would remove; name a new folder`,
    );
}
