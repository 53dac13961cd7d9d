import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentHash, sha256 } from '../../src/data/hash.ts';

test('sha256 of "abc" is the one of FIPS 180-2', async () => {
  expect(await sha256(new TextEncoder().encode('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

// Computed with Python's hashlib.
test('a content hash is the hash of the hashes of slices of 1 MiB', async () => {
  const bytes = new Uint8Array(2 ** 20 + 3);
  bytes.set([1, 2, 3], 2 ** 20);
  expect(await contentHash([bytes])).toBe('01ff4639758a95ccd27a7a2b60ef5e31f1d02eb49048b69a7a3bbd94c5a33588');
});

test('a content hash of nothing is the hash of nothing', async () => {
  expect(await contentHash([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('a content hash does not depend on how the bytes are split', async () => {
  const bytes = Uint8Array.from({ length: 2.5 * 2 ** 20 }, (_, i) => (i * 31) % 251);
  const whole = await contentHash([bytes]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 6 }), async (cuts) => {
      async function* parts() {
        let from = 0;
        for (const to of [...cuts.sort((a, b) => a - b), bytes.length]) {
          yield bytes.subarray(from, to);
          from = to;
        }
      }
      expect(await contentHash(parts())).toBe(whole);
    }),
    { numRuns: 20 },
  );
});
