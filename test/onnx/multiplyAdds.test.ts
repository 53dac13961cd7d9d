import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { freeBatch } from '../../src/onnx/freeBatch.ts';
import { ints } from '../../src/onnx/graph.ts';
import { readModel } from '../../src/onnx/model.ts';
import { multiplyAdds } from '../../src/onnx/multiplyAdds.ts';
import { modelOf, uniform } from './models.ts';

const fixtures = join(import.meta.dirname, '../parity/fixtures');
const digits = { inputDims: [1, 28, 28], classes: 10, preprocessing: { kind: 'none' }, seed: 0 } as const;

test('multiply-adds of an MLP are its weights, those of a convolution its filter at every place', () => {
  expect(multiplyAdds(buildArchitecture('mlp:64', digits))).toBe(784 * 64 + 64 * 10);
  const image = modelOf(36, (b) => {
    const x = b.node('Reshape', ['x', b.int64([-1, 1, 6, 6])]);
    return b.node('Conv', [x, b.weight('w', uniform(0, [4, 1, 3, 3]))]);
  });
  expect(multiplyAdds(image)).toBe(4 * 4 * 4 * 9);
});

test('multiply-adds of attention are counted with its length, and a model exported for a fixed batch counts an example', () => {
  const product = modelOf(12, (b) => {
    const x = b.node('Reshape', ['x', b.int64([-1, 4, 3])]);
    return b.node('MatMul', [x, b.node('Transpose', [x], { perm: ints([0, 2, 1]) })]);
  });
  expect(multiplyAdds(product)).toBe(4 * 4 * 3);
  for (const name of ['exports/mlp-default-opset17-fixed.onnx', 'exports/cnn-default-opset17-fixed.onnx']) {
    const fixed = readModel(readFileSync(join(fixtures, name)), name);
    const free = name.replace('fixed', 'dynamic');
    expect(multiplyAdds(fixed)).toBeGreaterThan(0);
    expect(multiplyAdds(fixed)).toBe(
      multiplyAdds(freeBatch(readModel(readFileSync(join(fixtures, free)), free), free)),
    );
  }
});

test('an operator that nobody here knows counts its weights', () => {
  const weights = (name: string) => multiplyAdds(readModel(readFileSync(join(fixtures, 'foreign', name)), name));
  expect(weights('lstm.onnx')).toBeGreaterThan(100);
  expect(weights('dynamic-int8.onnx')).toBeGreaterThan(100);
});
