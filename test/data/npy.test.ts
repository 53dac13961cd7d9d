import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { contentHash } from '../../src/data/hash.ts';
import { readNpy } from '../../src/data/npy.ts';
import { openData } from '../../src/data/open.ts';
import { openNpy } from '../../src/data/openNpy.ts';
import { dataFolders } from './dataFolders.ts';
import { npyOf } from './npyOf.ts';

const folderOf = dataFolders();

const pixels = Uint8Array.from({ length: 3 * 2 * 2 * 3 }, (_, at) => at);
const images = npyOf('|u1', [3, 2, 2, 3], pixels);
const labels = npyOf('<i8', [3], BigInt64Array.of(2n, 0n, 1n));

describe('readNpy', () => {
  // What numpy.save(f, numpy.float32([[1.5, -2], [0, 4]])) wrote (NumPy 1.24), in base64.
  const fromNumpy =
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDIpLCB9' +
    `${'ICAg'.repeat(19)}IAoAAMA/AAAAwAAAAAAAAIBA`;

  test('a file that NumPy wrote', () => {
    expect(readNpy(Buffer.from(fromNumpy, 'base64'), 'x')).toEqual({
      dtype: 'float32',
      dims: [2, 2],
      data: Float32Array.of(1.5, -2, 0, 4),
    });
  });

  test.each([
    ['<f8', 'float64', Float64Array.of(0.1, 1e300)],
    ['<f2', 'float16', Uint16Array.of(0x3c00, 0xc000)],
    ['<i4', 'int32', Int32Array.of(-1, 7)],
    ['|i1', 'int8', Int8Array.of(-1, 7)],
    ['<i8', 'int64', BigInt64Array.of(-1n, 7n)],
  ])('numbers of %s, header of version 2, off the alignment', (descr, dtype, data) => {
    const bytes = Buffer.concat([Buffer.of(0), npyOf(descr, [2], data, { version: 2 })]).subarray(1);
    expect(readNpy(bytes, 'x')).toEqual({ dtype, dims: [2], data });
  });

  test.each<[string, Uint8Array, string]>([
    ['big endian', npyOf('>f4', [1], Float32Array.of(1)), 'big endian (>f4); write it with x.astype("<f4")'],
    ['Fortran order', npyOf('<f4', [2, 2], new Float32Array(4), { fortran: true }), 'Fortran order'],
    ['another type', npyOf('<c8', [1], new Float32Array(2)), "its header is {'descr': '<c8'"],
    ['a short file', npyOf('<f4', [3], Float32Array.of(1, 2)), 'it has 136 bytes, its header tells of 140 (3)'],
    ['a long file', npyOf('<f4', [1], Float32Array.of(1, 2)), 'it has 136 bytes, its header tells of 132 (1)'],
    ['no .npy file', Buffer.from('PK\x03\x04 an archive'), 'does not begin as a .npy file'],
    ['a cut header', images.subarray(0, 40), 'its header is'],
  ])('%s is refused', (_what, bytes, reason) => {
    expect(() => readNpy(bytes, 'x.npy')).toThrow('Cannot read "x.npy": ');
    expect(() => readNpy(bytes, 'x.npy')).toThrow(reason);
  });
});

test.each([
  ['own names', 'train-x.npy', 'train-y.npy'],
  ['names as in Keras', 'x_train.npy', 'y_train.npy'],
])('a folder of arrays with %s keeps sizes and numbers', async (_what, x, y) => {
  const folder = await folderOf({ [x]: images, [y]: labels });
  const data = await openData(`npy:${folder}`, 'train');
  expect([data.name, data.length, data.classes, [...data.labels]]).toEqual([`npy:${folder}`, 3, 3, [2, 0, 1]]);
  expect([data.inputs, data.preprocessing]).toEqual([[{ dtype: 'uint8', dims: [2, 2, 3] }], { kind: 'none' }]);
  expect(data.contentHash).toBe(await contentHash([pixels]));
  const { inputs } = await data.gather([2, 0]);
  expect([...(inputs[0]!.data as Uint8Array)]).toEqual([...pixels.subarray(24), ...pixels.subarray(0, 12)]);
  await expect(openNpy(folder, 'test')).rejects.toThrow(
    `Cannot find the test data in "${folder}": expected test-x.npy or x_test.npy, plain or .gz`,
  );
});

test('from the disk and packed, the data are the same', async () => {
  const x = npyOf(
    '<f2',
    [5, 3],
    Uint16Array.from({ length: 15 }, (_, at) => at),
  );
  const y = npyOf('|u1', [5, 1], Uint8Array.of(0, 1, 2, 3, 4));
  const plain = await folderOf({ 'train-x.npy': x, 'train-y.npy': y });
  const packed = await folderOf({ 'train-x.npy.gz': gzipSync(x), 'train-y.npy.gz': gzipSync(y) });
  const [memory, disk, unpacked] = [
    await openNpy(plain, 'train'),
    await openNpy(plain, 'train', { inMemory: 0 }),
    await openNpy(packed, 'train', { inMemory: 0 }),
  ];
  for (const other of [disk, unpacked]) {
    expect(other.contentHash).toBe(memory.contentHash);
    expect(await other.gather([4, 0, 0, 2])).toEqual(await memory.gather([4, 0, 0, 2]));
  }
  expect((await disk.gather([1])).inputs[0]).toEqual({ dtype: 'float16', dims: [1, 3], data: Uint16Array.of(3, 4, 5) });
});

test.each<[string, Uint8Array, Uint8Array, string]>([
  ['labels that are no whole numbers', images, npyOf('<f4', [3], new Float32Array(3)), 'of type f4, expected whole'],
  ['labels as rows of zeros and ones', images, npyOf('|u1', [3, 3], new Uint8Array(9)), 'its shape is 3 x 3'],
  ['labels below 0', images, npyOf('|i1', [3], Int8Array.of(0, -1, 0)), 'example 1 has label -1'],
  ['labels beyond int32', images, npyOf('<u4', [3], Uint32Array.of(0, 0, 2 ** 31)), 'example 2 has label 2147483648'],
  ['fewer labels', images, npyOf('<i4', [2], Int32Array.of(0, 1)), '3 examples, but 2 labels'],
  ['examples without sizes', npyOf('<f4', [3], new Float32Array(3)), labels, 'its shape is 3, expected'],
  ['a type of no input', npyOf('<u2', [3, 1], new Uint16Array(3)), labels, 'of type u2, expected one of u1, i1,'],
])('%s are refused', async (_what, x, y, reason) => {
  const folder = await folderOf({ 'train-x.npy': x, 'train-y.npy': y });
  await expect(openNpy(folder, 'train')).rejects.toMatchObject({ kind: 'data' });
  await expect(openNpy(folder, 'train')).rejects.toThrow(reason);
});
