import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../src/data/hash.ts';
import type { LossTable } from '../../src/store/lossTable.ts';
import type { StoreManifest, StoreShard } from '../../src/store/manifest.ts';
import { openLossStore } from '../../src/store/readStore.ts';
import { columnOffsets, encodeShard } from '../../src/store/shard.ts';
import { writeLossStore } from '../../src/store/writeStore.ts';
import { dataFingerprint, description, modelFingerprint, table, temporaryFolder } from './example.ts';

const { at } = temporaryFolder();
const shardPath = (): string => at('il', 'shard-00000.parquet');
let manifest: StoreManifest;

beforeEach(async () => {
  manifest = await writeLossStore(at('il'), description, table);
});

const next: LossTable = {
  ids: Uint32Array.of(1, 5),
  loss: Float32Array.of(10, Number.NaN),
  labels: Int32Array.of(1, 1),
  predicted: Int32Array.of(0, 1),
  margin: Float32Array.of(-1, 1),
};

/** Adds a shard to the store and to its manifest, of which `changes` may say something else. */
async function addShard(rows: LossTable, changes: Partial<StoreShard> = {}): Promise<void> {
  const file = `shard-0000${manifest.shards.length}.parquet`;
  const bytes = encodeShard(rows, { data: dataFingerprint, model: modelFingerprint });
  const shard = {
    file,
    model: 0,
    rows: rows.ids.length,
    firstId: rows.ids[0]!,
    lastId: rows.ids.at(-1)!,
    bytes: bytes.length,
    sha256: await sha256(bytes),
    offsets: columnOffsets(bytes),
    ...changes,
  };
  await writeFile(at('il', file), bytes);
  await writeManifest({ ...manifest, count: manifest.count + shard.rows, shards: [...manifest.shards, shard] });
}

async function writeManifest(changed: StoreManifest): Promise<void> {
  manifest = changed;
  await writeFile(at('il', 'manifest.json'), JSON.stringify(changed));
}

/** What reading the losses and reading the table fail with: the same. */
async function refusal(): Promise<string> {
  const store = await openLossStore(at('il'));
  const errors = [await store.readLosses().catch(String), await store.readTable().catch(String)];
  expect(errors[1]).toBe(errors[0]);
  return String(errors[0]);
}

test('what was written is what is read', async () => {
  const store = await openLossStore(at('il'));
  expect(await store.readTable()).toEqual(table);
  expect(store.manifest).toEqual(manifest);
});

test('losses are read by id, and an id without one is told from a loss that is NaN', async () => {
  await addShard(next);
  const { loss, scoredBy } = await (await openLossStore(at('il'))).readLosses();
  const nan = Number.NaN;
  expect([...loss]).toEqual([0.25, 10, 1.5, nan, 0.5, nan, 0.75, nan]);
  expect([...scoredBy]).toEqual([1, 1, 1, 0, 1, 1, 1, 0]);
});

test('rows of shards that interleave are read in the order of ids', async () => {
  await addShard(next);
  const { ids, loss } = await (await openLossStore(at('il'))).readTable();
  expect([...ids]).toEqual([0, 1, 2, 4, 5, 6]);
  expect([...loss]).toEqual([0.25, 10, 1.5, 0.5, Number.NaN, 0.75]);
});

test('each loss is known by the model that it comes from', async () => {
  manifest = { ...manifest, models: [...manifest.models, ...manifest.models] };
  await addShard(next, { model: 1 });
  const { scoredBy } = await (await openLossStore(at('il'))).readLosses();
  expect([...scoredBy]).toEqual([1, 2, 1, 0, 1, 2, 1, 0]);
});

test('a flipped bit anywhere in a shard is found', async () => {
  const bytes = await readFile(shardPath());
  for (const position of [0, 4, 40, bytes.length >> 1, bytes.length - 9, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[position]! ^= 1;
    await writeFile(shardPath(), changed);
    expect(await refusal()).toMatch(
      /^RhoError: Cannot read shard-00000\.parquet of loss store ".*il": its SHA-256 is [0-9a-f]{8}, expected [0-9a-f]{8}; it is damaged, the "rho score" command that made the store mends it$/,
    );
  }
});

test('a truncated shard is found', async () => {
  await truncate(shardPath(), 100);
  expect(await refusal()).toContain(`it has 100 bytes, expected ${manifest.shards[0]!.bytes}; it is damaged`);
});

test('a shard that is not there is named', async () => {
  await rm(shardPath());
  expect(await refusal()).toContain('Cannot read shard-00000.parquet of loss store');
});

test('a shard with other rows than the manifest says is refused', async () => {
  const before = manifest;
  for (const [changes, message] of [
    [{ rows: 3 }, 'it has 2 rows, expected 3'],
    [{ firstId: 0 }, 'its ids do not ascend from 0 to 5'],
    [{ lastId: 7 }, 'its ids do not ascend from 1 to 7'],
  ] as const) {
    manifest = before;
    await addShard(next, changes);
    expect(await refusal()).toContain(`shard-00001.parquet of loss store "${at('il')}": ${message}`);
  }
});

test('a file that is no Parquet is refused even where its hash is right', async () => {
  const bytes = new TextEncoder().encode('id,loss\n0,1\n');
  await writeFile(shardPath(), bytes);
  const shard = { ...manifest.shards[0]!, bytes: bytes.length, sha256: await sha256(bytes) };
  await writeManifest({ ...manifest, shards: [shard] });
  expect(await refusal()).toContain('parquet file invalid');
});

test('an id in two shards is refused', async () => {
  await addShard({ ...next, ids: Uint32Array.of(1, 4) });
  expect(await refusal()).toContain('id 4 is in the store twice');
});

test('an id beyond the data set is refused', async () => {
  await addShard({ ...next, ids: Uint32Array.of(1, 8) });
  expect(await refusal()).toContain('id 8 is not among the 8 examples');
});

test('a folder that is no store is refused in one sentence', async () => {
  await expect(openLossStore(at('none'))).rejects.toThrow(
    `Cannot read loss store "${at('none')}": no such folder; name the folder that "rho score" wrote`,
  );
  await writeFile(at('il.zip'), 'PK');
  await expect(openLossStore(at('il.zip'))).rejects.toThrow(
    'it is an archive; unpack it and name the folder that is in it',
  );
  await rm(at('il', 'manifest.json'));
  await expect(openLossStore(at('il'))).rejects.toThrow(
    `Cannot read loss store "${at('il')}": it has no manifest.json; name the folder that "rho score" wrote`,
  );
});

test('a manifest that is not JSON is refused', async () => {
  await writeFile(at('il', 'manifest.json'), '{"format":');
  await expect(openLossStore(at('il'))).rejects.toThrow('its manifest.json is not JSON');
});
