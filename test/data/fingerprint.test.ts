import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprintData, fingerprintOfFirst } from '../../src/data/fingerprint.ts';
import { memoryDataset } from '../../src/data/memoryDataset.ts';

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const parts = {
  name: 'two',
  classes: 3,
  inputs: [{ dtype: 'uint8', dims: [1, 2], data: Uint8Array.of(1, 2, 3, 4) }],
  labels: Int32Array.of(2, 0),
  preprocessing: { kind: 'none' },
} as const;

test('a fingerprint is the hash of contents, labels and length', async () => {
  const dataset = await memoryDataset(parts);
  const labels = sha256(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0));
  expect(await fingerprintData(dataset)).toBe(sha256(`${dataset.contentHash} ${labels} 2`));
});

test('the beginning of data that grew has the fingerprint that it had', async () => {
  const before = await fingerprintData(await memoryDataset(parts));
  const inputs = [{ ...parts.inputs[0], data: Uint8Array.of(1, 2, 3, 4, 5, 6) }];
  const grown = await memoryDataset({ ...parts, inputs, labels: Int32Array.of(2, 0, 1) });
  expect(await fingerprintOfFirst(grown, 2)).toBe(before);
  expect(await fingerprintOfFirst(grown, 1)).not.toBe(before);
  const relabelled = await memoryDataset({ ...parts, inputs, labels: Int32Array.of(2, 1, 1) });
  expect(await fingerprintOfFirst(relabelled, 2)).not.toBe(before);
});
