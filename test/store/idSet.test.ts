import fc from 'fast-check';
import { expect, test } from 'vitest';
import { grownIds, membership, type PackedIds, packIds } from '../../src/store/idSet.ts';

/** The ids of a set, ascending. */
function unpackIds(packed: PackedIds): Uint32Array {
  return Uint32Array.from(Array.from({ length: packed.length }, (_, id) => id).filter(membership(packed)));
}

test('ids are packed lowest bit first', () => {
  // Byte 0 has bits 0 and 3 (9), byte 1 has bit 1 (2): base64 of 09 02.
  expect(packIds([9, 0, 3, 3], 10)).toEqual({ length: 10, count: 3, bits: 'CQI=' });
});

test('any set of ids survives packing', () => {
  const sets = fc
    .integer({ min: 1, max: 3000 })
    .chain((length) => fc.tuple(fc.constant(length), fc.uniqueArray(fc.integer({ min: 0, max: length - 1 }))));
  fc.assert(
    fc.property(sets, ([length, ids]) => {
      expect([...unpackIds(packIds(ids, length))]).toEqual(ids.sort((a, b) => a - b));
    }),
  );
});

test('the empty set of an empty data set is a set', () => {
  expect(unpackIds(packIds([], 0)).length).toBe(0);
});

test('60,000 ids take 10 kB', () => {
  const packed = packIds(new Uint32Array(60_000).keys(), 60_000);
  expect(packed.bits.length).toBe(10_000);
  expect(unpackIds(packed).at(-1)).toBe(59_999);
});

test('an id beyond the data set cannot be packed', () => {
  expect(() => packIds([10], 10)).toThrow('Cannot pack id 10: the data set has ids 0 to 9');
});

test('a set that is not what it says is refused', () => {
  const message = /^Cannot unpack a set of ids: /;
  expect(() => unpackIds({ length: 10, count: 2, bits: 'CQI=' })).toThrow(message);
  expect(() => unpackIds({ length: 10, count: 4, bits: 'CQI=' })).toThrow(message);
  expect(() => unpackIds({ length: 100, count: 3, bits: 'CQI=' })).toThrow(message);
  expect(() => unpackIds({ length: 9, count: 3, bits: 'CQI=' })).toThrow(message);
});

test('a set of data that grew holds the same ids', () => {
  expect(grownIds(packIds([9, 0, 3], 10), 30)).toEqual(packIds([9, 0, 3], 30));
});
