import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprintData } from '../../src/data/fingerprint.ts';
import { memoryDataset } from '../../src/data/memoryDataset.ts';

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a fingerprint is the hash of contents, labels, length and shapes; of the decoder too where there is one', async () => {
  const two = await memoryDataset({
    name: 'two',
    classes: 3,
    inputs: [{ dtype: 'uint8', dims: [1, 2], data: Uint8Array.of(1, 2, 3, 4) }],
    labels: Int32Array.of(2, 0),
    preprocessing: { kind: 'none' },
  });
  const dataset = { ...two, contentHash: 'c0ffee' };
  const labels = sha256(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0));
  expect(await fingerprintData(dataset)).toBe(sha256(`c0ffee ${labels} 2 uint8[1,2]`));
  expect(await fingerprintData({ ...dataset, decoder: 'jpeg 1.2' })).toBe(
    sha256(`c0ffee ${labels} 2 uint8[1,2] jpeg 1.2`),
  );
});
