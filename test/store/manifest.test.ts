import { expect, test } from 'vitest';
import { RhoError } from '../../src/core/errors.ts';
import { parseManifest, type StoreManifest } from '../../src/store/manifest.ts';
import { description } from './example.ts';

const { model, scoring, ...described } = description;
const shard = {
  file: 'shard-00000.parquet',
  model: 0,
  rows: 4,
  firstId: 0,
  lastId: 6,
  bytes: 900,
  sha256: '0'.repeat(64),
  offsets: { id: 33, loss: 78, label: 123, predicted: 168, margin: 240 },
};
const valid: StoreManifest = {
  format: 'rho-loss-store',
  version: 1,
  ...described,
  models: [model],
  scoring: { ...scoring, agreement: null, seconds: 0.5 },
  count: 4,
  statistics: { meanLoss: 0.75, accuracy: 0.75, nan: 0, infinite: 0 },
  shards: [shard],
};

/** The message of the data error that a manifest ends in. */
function refusal(manifest: unknown): string {
  try {
    parseManifest(typeof manifest === 'string' ? manifest : JSON.stringify(manifest), 'il');
  } catch (error) {
    expect(error).toBeInstanceOf(RhoError);
    expect((error as RhoError).kind).toBe('data');
    return (error as RhoError).message;
  }
  throw new Error('the manifest was accepted');
}

test('a valid manifest is read as it is', () => {
  expect(parseManifest(JSON.stringify(valid), 'il')).toEqual(valid);
});

test('preprocessing may have any fields besides its kind', () => {
  const manifest = { ...valid, preprocessing: { kind: 'images', decoder: 'sharp 0.35', size: [32, 32] } };
  expect(parseManifest(JSON.stringify(manifest), 'il').preprocessing).toEqual(manifest.preprocessing);
});

test('unknown fields are left out', () => {
  expect(parseManifest(JSON.stringify({ ...valid, later: 1 }), 'il')).toEqual(valid);
});

test('several models and shards, in parts or of a reduced precision, are version 1 too', () => {
  const manifest: StoreManifest = {
    ...valid,
    models: [model, { ...model, architecture: null, trainedOn: null }],
    scoring: {
      device: 'cpu',
      precision: 'int8',
      mode: 'eval',
      agreement: { sample: 1000, spearman: 0.9998, topTenth: 0.97 },
      seconds: 0.5,
    },
    part: { index: 2, of: 4 },
    count: 8,
    shards: [shard, { ...shard, file: 'shard-00001-2.parquet', model: 1, firstId: 1, lastId: 7 }],
  };
  expect(parseManifest(JSON.stringify(manifest), 'il')).toEqual(manifest);
});

test('what is not JSON is refused', () => {
  expect(refusal(JSON.stringify(valid).slice(0, -1))).toBe(
    'Cannot read loss store "il": its manifest.json is not JSON; run "rho score" again',
  );
});

test('the manifest of something else is refused', () => {
  expect(refusal({ format: 'rho-run', version: 1 })).toBe(
    'Cannot read loss store "il": its manifest.json is not that of a loss store (its format is not "rho-loss-store"); ' +
      'run "rho score" again',
  );
  for (const other of ['null', '1', '[]', '{}']) expect(refusal(other)).toContain('is not that of a loss store');
});

test('another version is refused by its number', () => {
  expect(refusal({ ...valid, version: 2 })).toBe(
    'Cannot read loss store "il": it has version 2, this program reads version 1; install the version of rho-loss that ' +
      'wrote it, or run "rho score" again',
  );
  expect(refusal({ format: valid.format })).toContain('it has version null');
});

test('a wrong field is named', () => {
  const { length: _, ...data } = valid.data;
  expect(refusal({ ...valid, data })).toMatch(/"data\.length" in its manifest\.json is wrong \(.*\); run "rho score"/);
  expect(refusal({ ...valid, models: [{ ...model, fingerprint: 'abc' }] })).toContain(
    '"models.0.fingerprint" in its manifest.json is wrong (expected 64 hex digits)',
  );
  expect(refusal({ ...valid, models: [] })).toContain('"models" in its');
  expect(refusal({ ...valid, part: { index: 5, of: 4 } })).toContain('expected an index from 1 to "of"');
});

test('a shard outside the folder is refused', () => {
  for (const file of ['../shard-00000.parquet', '/etc/passwd', 'shard-00000.parquet/../x', 'shard-0.parquet'])
    expect(refusal({ ...valid, shards: [{ ...shard, file }] })).toContain('"shards.0.file"');
});

test('rows that do not add up and models that are not there are refused', () => {
  expect(refusal({ ...valid, count: 5 })).toContain('its shards have 4 rows, its manifest.json counts 5');
  expect(refusal({ ...valid, shards: [{ ...shard, model: 1 }] })).toContain(
    'its shard shard-00000.parquet names model 1, which is not there',
  );
});
