import { expect, test } from 'vitest';
import { type Batch, filledBatch } from '../../src/core/batch.ts';
import { int64 } from '../../src/core/tensor.ts';

const batch: Batch = {
  inputs: [int64([1, 2, 3, 4], [2, 2]), { dtype: 'uint8', dims: [2, 1], data: Uint8Array.of(7, 8) }],
  labels: Int32Array.of(5, 6),
};

test('a batch is filled up with its first example', () => {
  expect(filledBatch(batch, 4)).toEqual({
    inputs: [
      int64([1, 2, 3, 4, 1, 2, 1, 2], [4, 2]),
      { dtype: 'uint8', dims: [4, 1], data: Uint8Array.of(7, 8, 7, 7) },
    ],
    labels: Int32Array.of(5, 6, 5, 5),
  });
});

test('a batch that is full stays as it is', () => {
  expect(filledBatch(batch, 2)).toBe(batch);
  const none = {
    inputs: [{ dtype: 'uint8', dims: [0, 1], data: new Uint8Array() }],
    labels: new Int32Array(),
  } as const;
  expect(filledBatch(none, 3)).toBe(none);
});
