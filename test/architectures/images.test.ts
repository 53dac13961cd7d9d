import { expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import type { Batch } from '../../src/core/batch.ts';
import { randomStream } from '../../src/core/random.ts';
import { openScorer } from '../../src/engine/ort/openScorer.ts';
import { openTrainer } from '../../src/engine/ort/openTrainer.ts';
import { findClassifier } from '../../src/onnx/classifier.ts';
import { trainableParameters } from '../../src/onnx/trainable.ts';

// PyTorch's counts: the paper's small CNN, one of a quarter of its width, and ResNet-18 with the stem for CIFAR.
test.each([
  ['cnn', 537_610],
  ['cnn:16', 34_570],
  ['resnet18', 11_173_962],
  ['resnet:16', 701_466],
])('%s has %i parameters on 3 x 32 x 32 and 10 classes', (spec, count) => {
  const graph = buildArchitecture(spec, { inputDims: [3, 32, 32], classes: 10, seed: 0 });
  const names = trainableParameters(findClassifier(graph, spec));
  expect(names.reduce((sum, name) => sum + graph.weights.get(name)!.data.length, 0)).toBe(count);
});

const feed = {
  name: 'images',
  stored: [{ dtype: 'float32' as const, dims: [3, 32, 32] }],
  preprocessing: { kind: 'none' as const },
  device: 'cpu' as const,
  threads: 1,
  outputs: ['loss', 'predicted'] as const,
};

/** Noise with a bright square whose place tells the class. */
function squares(size: number): Batch {
  const random = randomStream(0, 'squares');
  const data = Float32Array.from({ length: size * 3072 }, () => random.unit() - 0.5);
  const labels = Int32Array.from({ length: size }, (_, i) => i % 4);
  labels.forEach((label, i) => {
    const corner = i * 3072 + (label >> 1) * 16 * 32 + (label & 1) * 16;
    for (let y = 0; y < 8; y++) data.fill(2, corner + y * 32, corner + y * 32 + 8);
  });
  return { inputs: [{ dtype: 'float32', dims: [size, 3, 32, 32], data }], labels };
}

test.each(['cnn', 'resnet:4'])('%s learns where a square is, and scores alone as its trainer does', async (spec) => {
  const graph = buildArchitecture(spec, { inputDims: [3, 32, 32], classes: 4, seed: 0 });
  const trainer = await openTrainer(graph, { ...feed, smallBatch: 16, seed: 0 });
  const losses: number[] = [];
  for (let step = 0; step < 25; step++) losses.push((await trainer.step(squares(16), 3e-3)).meanLoss);
  expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
  const weights = new Map([...graph.weights, ...(await trainer.weights())]);
  const scorer = await openScorer({ ...graph, weights }, feed);
  expect((await scorer.score(squares(8))).loss).toBeAllClose((await trainer.score(squares(8))).loss, {
    rtol: 1e-4,
    atol: 1e-5,
  });
  await trainer.close();
  await scorer.close();
});
