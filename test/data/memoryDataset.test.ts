import { expect, test } from 'vitest';
import type { Dtype, TensorData } from '../../src/core/tensor.ts';
import { fingerprintData } from '../../src/data/fingerprint.ts';
import { type MemoryData, memoryDataset } from '../../src/data/memoryDataset.ts';

const three: MemoryData = {
  name: 'three',
  classes: 3,
  inputs: [{ dtype: 'uint8', dims: [2, 2], data: Uint8Array.from({ length: 12 }, (_, i) => i) }],
  labels: Int32Array.of(0, 1, 2),
  preprocessing: { kind: 'none' },
};

test('gather gives rows in the order asked for, with repeats', async () => {
  const dataset = await memoryDataset(three);
  const { inputs, labels } = await dataset.gather(Uint32Array.of(2, 0, 2));
  expect(inputs).toEqual([
    { dtype: 'uint8', dims: [3, 2, 2], data: Uint8Array.of(8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11) },
  ]);
  expect([...labels]).toEqual([2, 0, 2]);
});

test('an empty batch keeps the shape of an example', async () => {
  const { inputs, labels } = await (await memoryDataset(three)).gather([]);
  expect(inputs[0]!.dims).toEqual([0, 2, 2]);
  expect(labels.length).toBe(0);
});

test('a batch may be written to without changing the data', async () => {
  const dataset = await memoryDataset(three);
  const { inputs, labels } = await dataset.gather([1]);
  inputs[0]!.data.fill(0 as never);
  labels.fill(0);
  expect((await dataset.gather([1])).inputs[0]!.data).toEqual(Uint8Array.of(4, 5, 6, 7));
  expect(dataset.labels[1]).toBe(1);
});

test.each<[Dtype, TensorData, TensorData]>([
  ['float32', Float32Array.of(1.5, -2, 3, 4), Float32Array.of(3, 4)],
  ['float64', Float64Array.of(1.5, -2, 3, 1e300), Float64Array.of(3, 1e300)],
  ['float16', Uint16Array.of(1, 2, 3, 65535), Uint16Array.of(3, 65535)],
  ['int64', BigInt64Array.of(1n, 2n, -3n, 2n ** 40n), BigInt64Array.of(-3n, 2n ** 40n)],
  ['int32', Int32Array.of(1, 2, -3, 4), Int32Array.of(-3, 4)],
  ['int8', Int8Array.of(1, 2, -3, 4), Int8Array.of(-3, 4)],
  ['bool', Uint8Array.of(0, 1, 1, 0), Uint8Array.of(1, 0)],
])('%s rows are copied as they are, views included', async (dtype, data, row) => {
  const longer = new (data.constructor as Float32ArrayConstructor)(data.length + 1);
  longer.set(data as Float32Array, 1);
  const dataset = await memoryDataset({
    ...three,
    inputs: [{ dtype, dims: [2], data: longer.subarray(1) }],
    labels: Int32Array.of(0, 1),
  });
  expect((await dataset.gather([1])).inputs[0]!.data).toEqual(row);
});

test('several inputs are gathered side by side', async () => {
  const dataset = await memoryDataset({
    ...three,
    inputs: [...three.inputs, { dtype: 'int64', dims: [], data: BigInt64Array.of(5n, 6n, 7n) }],
  });
  expect(dataset.inputs).toEqual([
    { dtype: 'uint8', dims: [2, 2] },
    { dtype: 'int64', dims: [] },
  ]);
  const { inputs } = await dataset.gather([2, 1]);
  expect(inputs[1]).toEqual({ dtype: 'int64', dims: [2], data: BigInt64Array.of(7n, 6n) });
});

test.each([3, -1, 0.5])('example %s of three cannot be read', async (id) => {
  const dataset = await memoryDataset(three);
  await expect(dataset.gather([0, id])).rejects.toThrow(`Cannot read example ${id} of "three": its ids are 0 to 2`);
});

// Computed with Python's hashlib.
test('content hash and fingerprint follow their definitions', async () => {
  const hashed = await memoryDataset(three);
  expect(hashed.contentHash).toBe('ed8549346017be56baed97f7c3304137d2c786888523e17e3a892dfc76c1b702');
  const given = { ...hashed, contentHash: 'ab'.repeat(32) };
  expect(await fingerprintData(given)).toBe('47da45f60fcdb64d460569ecca6961c129bd6b75e2d19da5cd784901cb67f2a3');
});

test('the fingerprint changes with a stored byte, a label, the order and the shape', async () => {
  const variants: MemoryData[] = [
    three,
    { ...three, inputs: [{ ...three.inputs[0]!, data: new Uint8Array(12) }] },
    { ...three, labels: Int32Array.of(0, 1, 1) },
    { ...three, labels: Int32Array.of(0, 2, 1) },
    { ...three, inputs: [{ ...three.inputs[0]!, dims: [4] }] },
  ];
  const prints = await Promise.all(variants.map(async (data) => fingerprintData(await memoryDataset(data))));
  expect(new Set(prints).size).toBe(variants.length);
});

test('counts that differ and labels out of range are refused', async () => {
  await expect(memoryDataset({ ...three, labels: Int32Array.of(0, 1) })).rejects.toThrow(
    'Cannot open "three": 2 labels need 2 examples of shape [2,2], found 12 numbers instead of 8',
  );
  await expect(memoryDataset({ ...three, trueLabels: Int32Array.of(0) })).rejects.toThrow(
    'Cannot open "three": it has 3 labels but 1 true labels',
  );
  await expect(memoryDataset({ ...three, classes: 2 })).rejects.toThrow(
    'Cannot use the labels of "three": example 2 has label 2, expected 0 to 1',
  );
});
