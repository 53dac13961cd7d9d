import { describe, expect, test } from 'vitest';
import { albert, albertBase } from '../../src/architectures/albert.ts';
import { type ArchitectureOptions, buildArchitecture } from '../../src/architectures/architecture.ts';
import { bert, bertBase } from '../../src/architectures/bert.ts';
import type { Batch } from '../../src/core/batch.ts';
import { randomStream } from '../../src/core/random.ts';
import { elementCount } from '../../src/core/tensor.ts';
import { openScorer } from '../../src/engine/ort/openScorer.ts';
import { openTrainer } from '../../src/engine/ort/openTrainer.ts';
import { adamwDefaults } from '../../src/onnx/adamw.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { trainStep } from '../../src/onnx/trainStep.ts';

const preprocessing = { kind: 'tokens', tokenizer: 'test', vocabulary: 50, padding: 0 } as const;
const texts: ArchitectureOptions = { inputDims: [12], classes: 3, seed: 0, preprocessing };

function countParameters({ weights }: Graph): number {
  return [...weights.values()]
    .filter(({ dtype, dims }) => dtype === 'float32' && dims.length > 0)
    .reduce((sum, { dims }) => sum + elementCount(dims), 0);
}

// Hugging Face's counts of BertForSequenceClassification (bert-base-uncased) and AlbertForSequenceClassification
// (albert-base-v2) with two classes. Without a seed the weights have no numbers, which would be 440 MB.
test.each([
  ['bert', 30_522, 512, 109_483_778],
  ['bert', 30_522, 64, 109_483_778],
  ['albert', 30_000, 512, 11_685_122],
  // Embeddings (50 + 12) 64 + 128, two layers of 12 64² + 13 64, pooler 64² + 64, classes 2 64 + 2.
  ['transformer:2x64', 50, 12, 62 * 64 + 128 + 2 * (12 * 4096 + 13 * 64) + 4160 + 130],
])('%s of a vocabulary of %i, on %i tokens, has %i parameters', (spec, vocabulary, length, count) => {
  const data = { inputDims: [length], preprocessing: { ...preprocessing, vocabulary } };
  expect(countParameters(buildArchitecture(spec, { ...texts, ...data, classes: 2, seed: null }))).toBe(count);
});

test('a seed gives the same weights every time, which look like 0.02 times a bell', () => {
  const graph = buildArchitecture('transformer:2x64', texts);
  const name = 'bert.encoder.layer.1.intermediate.dense.weight';
  const values = graph.weights.get(name)!.data as Float32Array;
  expect(buildArchitecture('transformer:2x64', texts).weights.get(name)!.data).toEqual(values);
  expect(buildArchitecture('transformer:2x64', { ...texts, seed: 1 }).weights.get(name)!.data).not.toEqual(values);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(5e-4);
  expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
  expect(values.every((value) => Math.abs(value) <= 0.06)).toBe(true);
  // A third of a normal distribution lies beyond one deviation.
  const beyond = values.filter((value) => Math.abs(value) > 0.02).length / values.length;
  expect(beyond).toBeGreaterThan(0.28);
  expect(beyond).toBeLessThan(0.38);
});

test('the length of texts is computed in its file, and a number in its train step', () => {
  const graph = buildArchitecture('transformer:2x64', texts);
  const stored = [{ dtype: 'int32', dims: [12] }] as const;
  const step = trainStep(graph, { name: 'texts', stored, preprocessing, smallBatch: 4, optimizer: adamwDefaults });
  expect(graph.nodes.map(({ op }) => op)).toContain('Shape');
  expect(step.graph.nodes.filter(({ op }) => op === 'Shape' || op === 'Concat')).toEqual([]);
  expect(graph.inputs.map(({ dims }) => dims)).toEqual([
    ['batch', 12],
    ['batch', 12],
  ]);
});

const feed = {
  name: 'texts',
  stored: [{ dtype: 'int32' as const, dims: [12] }],
  preprocessing,
  device: 'cpu' as const,
  threads: 1,
  outputs: ['loss', 'predicted'] as const,
};

/** Texts of different lengths; the one of ids 10, 11 and 12 that is in them tells the class. */
function textsOf(size: number, seed: number): Batch {
  const random = randomStream(seed, 'texts');
  const data = new Int32Array(size * 12);
  const labels = Int32Array.from({ length: size }, () => random.below(3));
  labels.forEach((label, i) => {
    const length = 6 + random.below(7);
    for (let at = 0; at < length; at++) data[12 * i + at] = 20 + random.below(30);
    data[12 * i + 1 + random.below(length - 1)] = 10 + label;
  });
  return { inputs: [{ dtype: 'int32', dims: [size, 12], data }], labels };
}

const small = { width: 32, layers: 2, heads: 2, feedForward: 64, positions: 16, tokenTypes: true };
const vocabulary = 50;

test.each<[string, Graph]>([
  ['transformer:2x64', buildArchitecture('transformer:2x64', texts)],
  ['a small bert', bert({ ...texts, vocabulary, size: { ...bertBase, ...small } })],
  ['a small albert', albert({ ...texts, vocabulary, size: { ...albertBase, ...small, embedding: 16 } })],
])('%s learns which word counts, and scores alone as its trainer does', async (_, graph) => {
  const trainer = await openTrainer(graph, { ...feed, smallBatch: 16, seed: 0 });
  const losses: number[] = [];
  for (let step = 0; step < 200; step++) losses.push((await trainer.step(textsOf(16, step), 3e-3)).meanLoss);
  expect(losses.slice(-10).reduce((sum, loss) => sum + loss, 0) / 10).toBeLessThan(0.6 * losses[0]!);
  const weights = new Map([...graph.weights, ...(await trainer.weights())]);
  const scorer = await openScorer({ ...graph, weights }, feed);
  const scores = await scorer.score(textsOf(8, 500));
  expect(scores.loss).toBeAllClose((await trainer.score(textsOf(8, 500))).loss, { rtol: 1e-4, atol: 1e-5 });
  await trainer.close();
  await scorer.close();
});

test('what stands in the padding makes no difference', async () => {
  const graph = buildArchitecture('transformer:2x64', texts);
  const longer = buildArchitecture('transformer:2x64', { ...texts, inputDims: [16] });
  const [name, table] = [...longer.weights].find(([weight]) => weight.includes('position'))!;
  const places = (table.data as Float32Array).slice(0, 12 * 64);
  const trained = [...longer.weights].filter(([weight]) => /^(bert|classifier)/.test(weight));
  const weights = new Map([...graph.weights, ...trained, [name, { ...table, dims: [12, 64], data: places }] as const]);
  const batch = textsOf(4, 0);
  const wide = new Int32Array(4 * 16);
  for (let i = 0; i < 4; i++) wide.set((batch.inputs[0]!.data as Int32Array).slice(12 * i, 12 * i + 12), 16 * i);
  const short = await openScorer({ ...graph, weights }, feed);
  const long = await openScorer(longer, { ...feed, stored: [{ dtype: 'int32', dims: [16] }] });
  const { loss } = await long.score({
    inputs: [{ dtype: 'int32', dims: [4, 16], data: wide }],
    labels: batch.labels.slice(),
  });
  expect((await short.score(batch)).loss).toBeAllClose(loss, { rtol: 1e-5, atol: 1e-6 });
  await short.close();
  await long.close();
});

describe('an architecture that does not go with the data is a usage error', () => {
  const images = { inputDims: [1, 28, 28], classes: 10, seed: 0, preprocessing: { kind: 'none' } } as const;

  test.each<[string, ArchitectureOptions, string]>([
    ['cnn', texts, 'Cannot train "cnn" on texts: an example is 12 token ids, which transformer:2x128'],
    ['mlp:64', texts, 'Cannot train "mlp:64" on texts'],
    ['transformer:2x64', images, 'an example is numbers of shape [1, 28, 28], expected token ids of texts'],
    ['bert', images, 'Cannot train "bert" on these data'],
    ['resnet:16', { ...images, inputDims: [784] }, 'an example has the shape [784], expected images'],
    ['bert', { ...texts, inputDims: [600] }, 'an example of the data is 600 token ids, it takes 512 at most'],
    ['transformer', texts, 'expected layers and a width that is a multiple of 32, such as transformer:2x128'],
    ['transformer:2x100', texts, 'expected layers and a width that is a multiple of 32'],
    ['transformer:2x', texts, 'expected layers and a width that is a multiple of 32'],
    ['transformer:0x64', texts, 'expected layers and a width that is a multiple of 32'],
    ['transformer:2x64x2', texts, 'expected layers and a width that is a multiple of 32'],
  ])('%s', (spec, options, message) => {
    expect(() => buildArchitecture(spec, options)).toThrow(
      expect.objectContaining({ kind: 'usage', message: expect.stringContaining(message) }),
    );
  });
});
