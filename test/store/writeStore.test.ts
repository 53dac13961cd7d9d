import { spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { openLossStore } from '../../src/store/readStore.ts';
import { writeLossStore } from '../../src/store/writeStore.ts';
import { description, table, temporaryFolder } from './example.ts';

const { at } = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

test('a store is a manifest and one shard, with nothing left beside it', async () => {
  const manifest = await writeLossStore(at('il'), description, table);
  expect(await readdir(at())).toEqual(['il']);
  expect((await readdir(at('il'))).sort()).toEqual(['manifest.json', 'shard-00000.parquet']);
  expect((await openLossStore(at('il'))).manifest).toEqual(manifest);
  expect(manifest).toMatchObject({
    format: 'rho-loss-store',
    version: 1,
    models: [description.model],
    count: 4,
    statistics: { meanLoss: 0.75, accuracy: 0.75, nan: 0, infinite: 0 },
    shards: [{ file: 'shard-00000.parquet', model: 0, rows: 4, firstId: 0, lastId: 6 }],
  });
});

test('rows in any order make the same shard', async () => {
  const reversed = {
    ids: table.ids.toReversed(),
    loss: table.loss.toReversed(),
    labels: table.labels.toReversed(),
    predicted: table.predicted.toReversed(),
    margin: table.margin.toReversed(),
  };
  const { shards } = await writeLossStore(at('a'), description, table);
  expect((await writeLossStore(at('b'), description, reversed)).shards).toEqual(shards);
});

test('a store without rows has no shard', async () => {
  const none = { ids: new Uint32Array(), loss: new Float32Array(), margin: new Float32Array() };
  await writeLossStore(at('il'), description, { ...none, labels: new Int32Array(), predicted: new Int32Array() });
  expect(await readdir(at('il'))).toEqual(['manifest.json']);
  const store = await openLossStore(at('il'));
  expect((await store.readTable()).ids.length).toBe(0);
  expect([...(await store.readLosses()).scoredBy]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
});

test('an id that the data set does not have is refused, and no folder is left', async () => {
  const ids = Uint32Array.of(0, 2, 4, 8);
  await expect(writeLossStore(at('il'), description, { ...table, ids })).rejects.toThrow(
    'id 8 is not among the 8 examples of "idx:sample"',
  );
  expect(await readdir(at())).toEqual([]);
});

test('a writer that fails between shard and manifest leaves no folder', async () => {
  vi.spyOn(crypto.subtle, 'digest').mockRejectedValueOnce(new Error('the disk is gone'));
  await expect(writeLossStore(at('il'), description, table)).rejects.toThrow('the disk is gone');
  expect(await readdir(at())).toEqual([]);
});

test('a writer that fails leaves the store that was there', async () => {
  await writeLossStore(at('il'), description, table);
  vi.spyOn(crypto.subtle, 'digest').mockRejectedValueOnce(new Error('the disk is gone'));
  const other = { ...table, loss: new Float32Array(4) };
  await expect(writeLossStore(at('il'), description, other)).rejects.toThrow('the disk is gone');
  expect((await (await openLossStore(at('il'))).readTable()).loss).toEqual(table.loss);
});

test('a store that is there is replaced', async () => {
  await writeLossStore(at('il'), description, table);
  await writeLossStore(at('il'), description, { ...table, loss: new Float32Array(4) });
  expect((await (await openLossStore(at('il'))).readTable()).loss).toEqual(new Float32Array(4));
  expect(await readdir(at())).toEqual(['il']);
});

test('a folder that holds anything but a store is refused and left as it is', async () => {
  await mkdir(at('photos'));
  await writeFile(at('photos', 'cat.jpg'), 'cat');
  await expect(writeLossStore(at('photos'), description, table)).rejects.toThrow(
    `Cannot write loss store "${at('photos')}": the folder holds "cat.jpg", which is no part of one; name a new folder`,
  );
  expect(await readdir(at('photos'))).toEqual(['cat.jpg']);
});

test('a process killed between shard and manifest leaves no folder of that name', async () => {
  const program = `
    const { writeLossStore } = await import(process.argv[1]);
    globalThis.crypto.subtle.digest = () => process.kill(process.pid, 'SIGKILL');
    await writeLossStore(process.argv[2], JSON.parse(process.argv[3]), {
      ids: Uint32Array.of(1),
      loss: Float32Array.of(1),
      labels: Int32Array.of(1),
      predicted: Int32Array.of(1),
      margin: Float32Array.of(1),
    });`;
  const module = new URL('../../dist/store/writeStore.js', import.meta.url).href;
  const { signal } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', program, module, at('il'), JSON.stringify(description)],
    { encoding: 'utf8' },
  );
  expect(signal).toBe('SIGKILL');
  const left = await readdir(at());
  expect(left.length).toBe(1);
  expect(left[0]).toMatch(/^il\..*\.tmp$/);
  expect(await readdir(at(left[0]!))).toEqual(['scoring.jsonl', 'writing.lock']);
  await writeLossStore(at('il'), description, table);
  expect((await (await openLossStore(at('il'))).readTable()).loss).toEqual(table.loss);
});
