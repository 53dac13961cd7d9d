import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TfBackend } from '../../../src/engine/engine.ts';
import { loadBackend } from '../../../src/engine/tfjs/backends.ts';
import type { TfModule, TfTensor } from '../../../src/onnx/ops/execution.ts';
import { uniform } from '../../onnx/models.ts';

// What src/engine/tfjs/wasmKernels.ts puts right, beside the backend that is right by itself.

let tf: TfModule;
beforeAll(async () => {
  await loadBackend('cpu');
  tf = await loadBackend('wasm');
});
afterAll(() => tf.dispose());

type Sizes = readonly number[];

function tensor(seed: number, sizes: Sizes): TfTensor {
  return tf.tensor(uniform(seed, sizes).data as Float32Array, [...sizes]);
}

/** The gradients of sum(y r), r fixed, by each input. */
async function gradientsOn(
  backend: TfBackend,
  inputs: () => TfTensor[],
  compute: (...inputs: TfTensor[]) => TfTensor,
): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const sum = (...given: TfTensor[]) => {
    const y = compute(...given);
    return tf.sum(tf.mul(y, tensor(9, y.shape)));
  };
  return tf
    .grads(sum as never)(inputs())
    .map((gradient) => Float32Array.from(gradient.dataSync()));
}

async function compare(inputs: () => TfTensor[], compute: (...inputs: TfTensor[]) => TfTensor): Promise<void> {
  const [right, ours] = [await gradientsOn('cpu', inputs, compute), await gradientsOn('wasm', inputs, compute)];
  ours.forEach((gradient, i) => {
    expect(gradient).toBeAllClose(right[i]!, { rtol: 1e-4, atol: 1e-5 });
  });
}

const windows: readonly [string, [number, number], 'same' | 'valid'][] = [
  ['without padding', [1, 1], 'valid'],
  ['that moves two cells', [2, 2], 'valid'],
  ['that does not reach the end', [3, 2], 'valid'],
  ['with the same size', [1, 1], 'same'],
  ['with uneven padding', [2, 3], 'same'],
];

describe.each(windows)('on wasm the gradients of a window %s are those of the cpu backend:', (_, strides, pad) => {
  test('convolution', () =>
    compare(
      () => [tensor(1, [2, 7, 6, 3]), tensor(2, [3, 2, 3, 4])],
      (x, filter) => tf.conv2d(x as never, filter as never, strides, pad),
    ));

  test('depthwise convolution', () => {
    // Strides of one size are all that the backends have for these.
    const both: [number, number] = [strides[0], strides[0]];
    return compare(
      () => [tensor(1, [2, 7, 6, 3]), tensor(2, [3, 2, 3, 2])],
      (x, filter) => tf.depthwiseConv2d(x as never, filter as never, both, pad),
    );
  });

  test('max pooling', () =>
    compare(
      () => [tensor(1, [2, 7, 6, 3])],
      (x) => tf.maxPool(x as never, [3, 2], strides, pad),
    ));
});

test('on wasm the gradient of max pooling goes to the largest of negative numbers, and to the first of equals', async () => {
  const pooled = (values: number[]) => async (backend: TfBackend) => {
    await tf.setBackend(backend);
    const gradient = tf.grad((x) => tf.sum(tf.maxPool(x as never, 2, 2, 'valid')))(tf.tensor(values, [1, 2, 2, 1]));
    return [...gradient.dataSync()];
  };
  for (const backend of ['cpu', 'wasm'] as const) {
    expect(await pooled([-4, -3, -2, -1])(backend)).toEqual([0, 0, 0, 1]);
    expect(await pooled([-1, 2, 2, 0])(backend)).toEqual([0, 1, 0, 0]);
  }
});

test('on wasm products of turned matrices are right, batches of them too, and leave no tensor behind', async () => {
  await tf.setBackend('wasm');
  const before = tf.memory().numTensors;
  for (const [transposeA, transposeB] of [
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    const [ours, right] = await Promise.all(
      (['wasm', 'cpu'] as const).map(async (backend) => {
        await tf.setBackend(backend);
        return tf.tidy(() => {
          const a = tensor(1, transposeA ? [2, 4, 3] : [2, 3, 4]);
          const b = tensor(2, transposeB ? [2, 5, 4] : [2, 4, 5]);
          return Float32Array.from(tf.matMul(a, b, transposeA, transposeB).dataSync());
        });
      }),
    );
    expect(ours!).toBeAllClose(right!);
  }
  expect(tf.memory().numTensors).toBe(before);
});
