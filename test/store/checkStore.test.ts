import { expect, test } from 'vitest';
import { checkStore, type StoreExpectation } from '../../src/store/checkStore.ts';
import type { StoreManifest } from '../../src/store/manifest.ts';
import { dataFingerprint, description, modelFingerprint } from './example.ts';

const { model, scoring, ...described } = description;
const manifest: StoreManifest = {
  format: 'rho-loss-store',
  version: 1,
  ...described,
  models: [model],
  scoring: { ...scoring, agreement: null, seconds: 0.5 },
  count: 0,
  statistics: { meanLoss: null, accuracy: null, nan: 0, infinite: 0 },
  shards: [],
};
const expected: StoreExpectation = {
  data: { name: 'idx:mine', fingerprint: dataFingerprint },
  model: modelFingerprint,
};

const check = (changes: Partial<StoreExpectation>) => () =>
  checkStore({ folder: 'il', manifest }, { ...expected, ...changes });

test('a store made for the same data and model is accepted', () => {
  expect(check({})).not.toThrow();
});

test('a store for other data is refused by both fingerprints', () => {
  expect(check({ data: { name: 'idx:mine', fingerprint: '91bc0000'.repeat(8) } })).toThrow(
    'Cannot use loss store "il": it was made for data 3f2a91bc ("idx:sample" with --noise flip:0.4 --data-seed 7), this ' +
      'is data 91bc0000 ("idx:mine"); give the options it was made with, or run "rho score" on this data',
  );
});

test('another model is refused by both fingerprints', () => {
  expect(check({ model: 'ffff0000'.repeat(8) })).toThrow(
    'Cannot use loss store "il": it holds the losses of model 0123abcd, this is model ffff0000; run "rho score" with ' +
      'this model',
  );
});

test('any model will do where none is named', () => {
  const { model: _, ...rest } = expected;
  expect(() => checkStore({ folder: 'il', manifest }, rest)).not.toThrow();
});
