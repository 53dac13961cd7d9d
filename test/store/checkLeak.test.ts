import { expect, test } from 'vitest';
import { checkLeak } from '../../src/store/checkLeak.ts';
import { packIds } from '../../src/store/idSet.ts';
import type { StoreManifest, StoreModel } from '../../src/store/manifest.ts';
import { contentHash, dataFingerprint, description } from './example.ts';

const { model, scoring, ...described } = description;
const trainedOn = (ids: number[]): StoreModel => ({
  ...model,
  trainedOn: { dataFingerprint, contentHash, ids: packIds(ids, 8) },
});
const manifest: StoreManifest = {
  format: 'rho-loss-store',
  version: 1,
  ...described,
  scoring: { ...scoring, agreement: null, seconds: 0.5 },
  models: [trainedOn([1, 3, 5, 7]), trainedOn([0, 2, 4, 6])],
  count: 0,
  statistics: { meanLoss: null, accuracy: null, nan: 0, infinite: 0 },
  shards: [],
};
const everyId = Uint32Array.from({ length: 8 }, (_, id) => id);
const check = (scoredBy: number[]) => () =>
  checkLeak({ folder: 'il', manifest }, { loss: new Float32Array(8), scoredBy: Uint8Array.from(scoredBy) }, everyId);

test('cross-fitted models that score what the others were trained on are no leak', () => {
  expect(check([1, 2, 1, 2, 1, 2, 1, 2])).not.toThrow();
});

test('only losses by the model that was trained on their example are a leak', () => {
  expect(check([1, 2, 1, 1, 1, 2, 2, 2])).toThrow('its IL model was trained on 2 of the 8 target examples');
});
