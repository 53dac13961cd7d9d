import { expect, test } from 'vitest';
import { packIds } from '../../src/store/idSet.ts';
import { readIrreducibleLosses } from '../../src/store/irreducibleLosses.ts';
import type { TrainedOn } from '../../src/store/manifest.ts';
import { writeLossStore } from '../../src/store/writeStore.ts';
import { contentHash, dataFingerprint, description, table, temporaryFolder } from './example.ts';

const { at } = temporaryFolder();
const expected = {
  data: { name: 'idx:sample', fingerprint: dataFingerprint },
  preprocessing: description.preprocessing,
};
const read = (ids: number[]) => readIrreducibleLosses(at('il'), expected, Uint32Array.from(ids));

/** Writes the store of the example by a model that was trained on `ids`. */
async function writeTrainedOn(ids: number[], changes: Partial<TrainedOn> = {}): Promise<void> {
  const trainedOn = { dataFingerprint, contentHash, ids: packIds(ids, 8), ...changes };
  await writeLossStore(at('il'), { ...description, model: { ...description.model, trainedOn } }, table);
}

test('the losses of the target are read by id', async () => {
  await writeLossStore(at('il'), description, table);
  const { loss, nan, manifest } = await read([6, 0, 4]);
  expect([loss[6], loss[0], loss[4]]).toEqual([0.75, 0.25, 0.5]);
  expect(loss.length).toBe(8);
  expect(nan).toBe(0);
  expect(manifest.count).toBe(4);
});

test('losses that are NaN are counted among the ids asked for', async () => {
  const loss = Float32Array.of(Number.NaN, 1, Number.NaN, Number.POSITIVE_INFINITY);
  await writeLossStore(at('il'), description, { ...table, loss });
  expect((await read([0, 2, 6])).nan).toBe(1);
  expect((await read([0, 2, 4, 6])).nan).toBe(2);
});

test('missing losses are named and counted', async () => {
  await writeLossStore(at('il'), description, table);
  await expect(read([0, 1, 2, 3])).rejects.toThrow(
    `Cannot use loss store "${at('il')}": it has no irreducible loss for 2 of the 4 target examples (ids 1, 3); run ` +
      '"rho score" with the --split, --holdout and --data-seed of this run',
  );
  const many = Array.from({ length: 2000 }, (_, i) => 2 * i + 1);
  await expect(read(many)).rejects.toThrow('for 2,000 of the 2,000 target examples (ids 1, 3, 5, 7, 9, …)');
});

test('a store for other data is refused before its shards are read', async () => {
  await writeLossStore(at('il'), description, table);
  const data = { name: 'idx:mine', fingerprint: '91bc0000'.repeat(8) };
  await expect(readIrreducibleLosses(at('il'), { ...expected, data }, Uint32Array.of(0))).rejects.toThrow(
    'it was made for data 3f2a91bc',
  );
});

test('a model that was trained on target examples is refused by their number', async () => {
  await writeTrainedOn([0, 1, 4, 5]);
  await expect(read([0, 2, 4, 6])).rejects.toThrow(
    `Cannot use loss store "${at('il')}": its IL model was trained on 2 of the 4 target examples; train one on the ` +
      'holdout alone and run "rho score" again',
  );
  expect((await read([2, 6])).loss[2]).toBe(1.5);
});

test('the same examples under other labels are a leak too', async () => {
  await writeTrainedOn([2], { dataFingerprint: '00000000'.repeat(8) });
  await expect(read([0, 2, 4, 6])).rejects.toThrow('was trained on 1 of the 4 target examples');
});

test('a model trained on other data, or on what nobody knows, is no leak', async () => {
  await writeTrainedOn([0, 2], { contentHash: '00000000'.repeat(8) });
  await expect(read([0, 2])).resolves.toMatchObject({ nan: 0 });
  await writeLossStore(at('il'), { ...description, model: { ...description.model, trainedOn: null } }, table);
  await expect(read([0, 2])).resolves.toMatchObject({ nan: 0 });
});
