import { writeFolderAtomic } from '../runtime/files.ts';
import { joinTables, type LossTable, sliceTable } from './lossTable.ts';
import type { StoreDescription, StoreManifest } from './manifest.ts';
import { planShards } from './planShards.ts';
import { refuseOtherFiles } from './storeFolder.ts';
import { checkIds, openStoreWriter } from './storeWriter.ts';

/**
 * Writes a loss store of losses that are all known, in any order. The folder is there whole or not at all; a store of that
 * name is replaced. A folder that holds anything else, and ids that are there twice or not in the data set, are data errors.
 */
export async function writeLossStore(
  folder: string,
  description: StoreDescription,
  table: LossTable,
): Promise<StoreManifest> {
  await refuseOtherFiles(folder);
  const sorted = joinTables([table]);
  const planned = planShards(sorted.ids, description.span, null);
  checkIds(folder, description.data, planned);
  let manifest: StoreManifest | undefined;
  await writeFolderAtomic(folder, async (temporary) => {
    const writer = await openStoreWriter(temporary, description, planned);
    try {
      let row = 0;
      for (const shard of writer.missing) {
        await writer.write(shard, sliceTable(sorted, row, row + shard.ids.length));
        row += shard.ids.length;
      }
      manifest = await writer.finish();
    } finally {
      await writer.close();
    }
  });
  return manifest!;
}
