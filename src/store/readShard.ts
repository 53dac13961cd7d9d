import { RhoError } from '../core/errors.ts';
import { sha256 } from '../data/hash.ts';
import { exists, joinPath, readBytes } from '../runtime/files.ts';
import type { LossTable } from './lossTable.ts';
import type { StoreShard } from './manifest.ts';
import { decodeShard } from './shard.ts';

/**
 * Reads some columns of a shard of the store `folder`, and its ids. A file that is missing, or whose length, hash, rows or ids
 * are not those that `shard` says, is a data error.
 */
export async function readShard<K extends keyof LossTable>(
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

/** A shard is not what it was written as; unlike one that cannot be read for want of rights, say, it is made anew. */
export class DamagedShard extends RhoError {}

/** The error that a shard is not what it was written as. */
export function damaged(folder: string, { file }: StoreShard, reason: string): Error {
  return new DamagedShard(
    'data',
    `Cannot read ${file} of loss store "${folder}": ${reason}; it is damaged, the "rho score" command that made the store mends it`,
  );
}
