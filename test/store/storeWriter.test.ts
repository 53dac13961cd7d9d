import { appendFile, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type LossTable, unscoredTable } from '../../src/store/lossTable.ts';
import type { StoreDescription } from '../../src/store/manifest.ts';
import { type PlannedShard, planShards } from '../../src/store/planShards.ts';
import { openLossStore } from '../../src/store/readStore.ts';
import { openStoreWriter, type StoreWriterOptions } from '../../src/store/storeWriter.ts';
import { description as example, temporaryFolder } from './example.ts';

const { at } = temporaryFolder();
const folder = (): string => at('il');

/** 100 examples in shards of 10 ids; the even ones are scored. */
const description: StoreDescription = { ...example, data: { ...example.data, length: 100 }, span: 10 };
const evenIds = (length: number): Uint32Array => Uint32Array.from({ length: length / 2 }, (_, i) => 2 * i);
const planned = planShards(evenIds(100), 10, null);

/** What a model would say of some ids; `shift` is that of another model. */
function lossesOf(ids: Uint32Array, shift = 0): LossTable {
  return {
    ...unscoredTable(ids, new Int32Array(1000)),
    loss: Float32Array.from(ids, (id) => id / 8 + shift),
    predicted: new Int32Array(ids.length),
    margin: Float32Array.from(ids, (id) => -id),
  };
}

interface Run extends StoreWriterOptions {
  readonly shards?: readonly PlannedShard[];
  /** Written before the run breaks off; all where left out. */
  readonly most?: number;
  readonly shift?: number;
}

/** Writes what is missing as `rho score` does, and tells what that was; breaks off after `most` shards as a kill does. */
async function run(what: StoreDescription, { shards = planned, most = Infinity, shift = 0, ...options }: Run = {}) {
  const writer = await openStoreWriter(folder(), what, shards, options);
  const written = writer.missing.slice(0, most);
  for (const shard of written) await writer.write(shard, lossesOf(shard.ids, shift));
  if (most === Infinity) await writer.finish();
  await writer.close();
  return { written: written.map(({ ids }) => [...ids]), kept: writer.kept, damaged: writer.damaged };
}

/** The files of the folder by name; of the manifest what does not depend on the clock. */
async function contents(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of await readdir(folder())) {
    const bytes = await readFile(at('il', name));
    const { scoring, ...manifest } = name === 'manifest.json' ? JSON.parse(String(bytes)) : {};
    files[name] =
      name === 'manifest.json'
        ? JSON.stringify({ ...manifest, scoring: { ...scoring, seconds: 0 } })
        : bytes.toString('hex');
  }
  return files;
}

async function uninterrupted(): Promise<Record<string, string>> {
  await run(description);
  const files = await contents();
  await rm(folder(), { recursive: true });
  return files;
}

test('a store that was broken off anywhere is gone on with, and is the same byte for byte', async () => {
  const straight = await uninterrupted();
  expect(Object.keys(straight).length).toBe(11);
  for (const most of [0, 1, 5, 9, 10]) {
    await run(description, { most });
    const { kept, written } = await run(description);
    expect([kept, written.length]).toEqual([5 * most, 10 - most]);
    expect(await contents()).toEqual(straight);
    await rm(folder(), { recursive: true });
  }
});

test('a store is not there before it is whole', async () => {
  await run(description, { most: 9 });
  await expect(openLossStore(folder())).rejects.toThrow(
    'its scoring was interrupted; go on with the "rho score" command that began it',
  );
});

test('a whole store is left as it is', async () => {
  await run(description);
  const before = await readFile(at('il', 'manifest.json'), 'utf8');
  expect((await run({ ...description, created: '2027-01-01T00:00:00.000Z' })).written).toEqual([]);
  expect(await readFile(at('il', 'manifest.json'), 'utf8')).toBe(before);
});

test('a kill between writing a shard and noting it, or within the note, costs that shard alone', async () => {
  const straight = await uninterrupted();
  await run(description, { most: 4 });
  const journal = await readFile(at('il', 'scoring.jsonl'), 'utf8');
  await writeFile(at('il', 'scoring.jsonl'), journal.slice(0, -20));
  await writeFile(at('il', 'shard-00007.parquet.1a2b3c4d.tmp'), 'half');
  expect((await run(description)).kept).toBe(15);
  expect(await contents()).toEqual(straight);
});

test('a kill between the manifest and the end of the journal costs nothing', async () => {
  await run(description, { most: 10 });
  const journal = await readFile(at('il', 'scoring.jsonl'), 'utf8');
  await run(description);
  await writeFile(at('il', 'scoring.jsonl'), journal);
  expect((await run(description)).written).toEqual([]);
  expect(await readdir(folder())).not.toContain('scoring.jsonl');
});

test('a damaged shard is made anew, and the others are kept', async () => {
  const straight = await uninterrupted();
  for (const most of [6, Infinity]) {
    await run(description, { most });
    const bytes = await readFile(at('il', 'shard-00002.parquet'));
    bytes[bytes.length >> 1]! ^= 4;
    await writeFile(at('il', 'shard-00002.parquet'), bytes);
    await truncate(at('il', 'shard-00003.parquet'), 50);
    await rm(at('il', 'shard-00004.parquet'));
    const { damaged, written } = await run(description);
    expect(damaged).toEqual(['shard-00002.parquet', 'shard-00003.parquet', 'shard-00004.parquet']);
    expect(written.slice(0, 3)).toEqual([
      [20, 22, 24, 26, 28],
      [30, 32, 34, 36, 38],
      [40, 42, 44, 46, 48],
    ]);
    expect(written.length).toBe(most === 6 ? 7 : 3);
    expect(await contents()).toEqual(straight);
    await rm(folder(), { recursive: true });
  }
});

const grown: StoreDescription = {
  ...description,
  data: { ...description.data, length: 124, fingerprint: 'ab'.repeat(32), contentHash: 'cd'.repeat(32) },
};
const earlier = description.data.fingerprint;
const grownShards = planShards(evenIds(124), 10, null);

test('data that grew are added to a store: nothing is scored twice', async () => {
  await run(
    { ...description, data: { ...description.data, length: 96 } },
    { shards: planShards(evenIds(96), 10, null) },
  );
  const { written, kept } = await run(grown, { shards: grownShards, earlier: new Set([earlier]) });
  expect(kept).toBe(48);
  expect(written).toEqual([
    [96, 98],
    [100, 102, 104, 106, 108],
    [110, 112, 114, 116, 118],
    [120, 122],
  ]);
  const store = await openLossStore(folder());
  expect(store.manifest).toMatchObject({ count: 62, data: grown.data });
  expect(await readdir(folder())).toContain('shard-00009-2.parquet');
  const { ids, loss } = await store.readTable();
  expect([...ids]).toEqual([...evenIds(124)]);
  expect([...loss]).toEqual([...evenIds(124)].map((id) => id / 8));
});

test('while a store is added to, the old one can be read, and a kill costs the shard in hand', async () => {
  await run(description);
  await run(grown, { shards: grownShards, earlier: new Set([earlier]), most: 1 });
  expect((await openLossStore(folder())).manifest.count).toBe(50);
  expect((await run(grown, { shards: grownShards, earlier: new Set([earlier]) })).written).toEqual([
    [110, 112, 114, 116, 118],
    [120, 122],
  ]);
  expect((await openLossStore(folder())).manifest.count).toBe(62);
  expect(await readdir(folder())).not.toContain('scoring.jsonl');
});

test('a store is added to only where that is asked for and the old examples are the same', async () => {
  await run(description);
  await expect(run(grown, { shards: grownShards })).rejects.toThrow(
    /its data was 3f2a91bc, now it is abababab; if the data have grown since, pass --append, else name a new folder$/,
  );
  await expect(run(grown, { shards: grownShards, earlier: new Set(['ef'.repeat(32)]) })).rejects.toThrow(
    /its data was 3f2a91bc, now it is abababab; its 100 examples are not the first of these any more, in order and labels, as --append needs; name a new folder$/,
  );
});

test('data that grew by examples of the other half alone get a manifest that knows of them', async () => {
  await run(description);
  expect((await run(grown, { earlier: new Set([earlier]) })).written).toEqual([]);
  expect((await openLossStore(folder())).manifest).toMatchObject({ count: 50, data: grown.data });
});

test('data that grow again while they are being added are added to all the same', async () => {
  await run(description);
  await run(grown, { shards: grownShards, earlier: new Set([earlier]), most: 1 });
  const again = { ...grown, data: { ...grown.data, length: 130, fingerprint: '77'.repeat(32) } };
  const shards = planShards(evenIds(130), 10, null);
  await run(again, { shards, earlier: new Set([earlier, grown.data.fingerprint]) });
  expect((await openLossStore(folder())).manifest).toMatchObject({ count: 65, data: again.data });
});

test('a second process is kept out while one writes, and what a killed one left is taken over', async () => {
  const first = await openStoreWriter(folder(), description, planned);
  const second = await openStoreWriter(folder(), description, planned);
  await first.begin();
  await expect(second.begin()).rejects.toThrow(`the process ${process.pid} is writing into it`);
  await first.write(planned[0]!, lossesOf(planned[0]!.ids));
  await first.close();
  const third = await openStoreWriter(folder(), description, planned);
  await writeFile(at('il', 'writing.lock'), '4194305 elsewhere');
  await third.begin();
  await third.close();
  expect(await readdir(folder())).toEqual(['scoring.jsonl', 'shard-00000.parquet']);
  // It was opened before there was a shard.
  const late = await openStoreWriter(at('late'), description, planned);
  await mkdir(at('late'));
  await cp(folder(), at('late'), { recursive: true });
  await expect(late.begin()).rejects.toThrow('another process has changed it meanwhile; run the command again');
  await late.close();
});

test('a split that changes as the data grow cannot be added to', async () => {
  await run(description);
  const odd = planShards(
    evenIds(124).map((id) => id + 1),
    10,
    null,
  );
  await expect(run(grown, { shards: odd, earlier: new Set([earlier]) })).rejects.toThrow(
    '50 of its examples are not in the split any more, which changes as the data grow; score with --holdout none, even-odd or --split all into a new folder',
  );
});

test('losses that came about in another way are never mixed', async () => {
  await run(description, { most: 2 });
  const { data, model, scoring } = description;
  const others: [Partial<StoreDescription>, string][] = [
    [{ model: { ...model, fingerprint: 'ef'.repeat(32) } }, 'its model was 0123abcd, now it is efefefef'],
    [{ preprocessing: { kind: 'none' } }, 'its preprocessing was {"kind":"standardize"'],
    [{ scoring: { ...scoring, precision: 'int8' } }, 'its precision was fp32, now it is int8'],
    [{ scoring: { ...scoring, device: 'cuda' } }, 'its device was cpu, now it is cuda'],
    [{ data: { ...data, split: 'all' } }, 'its split was target of --holdout even-odd --data-seed 7, now it is all'],
    [{ data: { ...data, inputs: 'uint8[3,8,8]' } }, 'its input was uint8[1,28,28], now it is uint8[3,8,8]'],
    [{ part: { index: 1, of: 2 } }, 'its part was the whole, now it is 1/2'],
    [{ span: 20 }, 'its span of a shard was 10, now it is 20'],
  ];
  for (const [changes, reason] of others)
    await expect(run({ ...description, ...changes })).rejects.toThrow(
      new RegExp(
        `^Cannot write into loss store ".*": ${reason.replace(/[[\](){}^$.*+?]/g, '\\$&')}.*; name a new folder$`,
      ),
    );
  await run({
    ...description,
    preprocessing: Object.fromEntries(Object.entries(description.preprocessing).reverse()) as never,
  });
});

test('a journal that this program did not write is refused', async () => {
  await run(description, { most: 2 });
  await appendFile(at('il', 'scoring.jsonl'), '{"shard": 7}\n');
  await expect(run(description)).rejects.toThrow('line 4 of its scoring.jsonl is not one that this program wrote');
});

test('a folder with anything else in it is refused and left as it is', async () => {
  await run(description, { most: 2 });
  await writeFile(at('il', 'notes.txt'), 'mine');
  await expect(run(description)).rejects.toThrow('the folder holds "notes.txt", which is no part of one');
  expect(await readFile(at('il', 'notes.txt'), 'utf8')).toBe('mine');
});
