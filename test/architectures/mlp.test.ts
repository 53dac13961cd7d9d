import { describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { mlp } from '../../src/architectures/mlp.ts';
import { float32 } from '../../src/core/tensor.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { readModel, writeModel } from '../../src/onnx/model.ts';
import { runGraph } from '../onnx/runGraph.ts';

const mnist = { inputDims: [1, 28, 28], classes: 10, seed: 0 };

function weightsOf(graph: Graph, name: string): Float32Array {
  return graph.weights.get(name)!.data as Float32Array;
}

test('784-512-512-10 has 669,706 parameters, as in PyTorch', () => {
  const graph = buildArchitecture('mlp:512,512', mnist);
  const sizes = [...graph.weights].map(([name, { dims }]) => [name, dims]);
  expect(sizes).toEqual([
    ['fc1.weight', [512, 784]],
    ['fc1.bias', [512]],
    ['fc2.weight', [512, 512]],
    ['fc2.bias', [512]],
    ['fc3.weight', [10, 512]],
    ['fc3.bias', [10]],
  ]);
  expect([...graph.weights.values()].reduce((total, { data }) => total + data.length, 0)).toBe(669_706);
  expect(graph.inputs).toEqual([{ name: 'input', dtype: 'float32', dims: ['batch', 1, 28, 28] }]);
  expect(graph.outputs).toEqual([{ name: 'logits', dtype: 'float32', dims: ['batch', 10] }]);
});

test('weights and biases start spread evenly between ± 1/√fan-in', () => {
  const graph = buildArchitecture('mlp:512,512', mnist);
  for (const [layer, fanIn] of [784, 512, 512].entries()) {
    const bound = 1 / Math.sqrt(fanIn);
    const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest(weightsOf(graph, `fc${layer + 1}.bias`))).toBeLessThanOrEqual(bound);
    const values = weightsOf(graph, `fc${layer + 1}.weight`);
    expect(largest(values)).toBeLessThanOrEqual(bound);
    expect(largest(values)).toBeGreaterThan(0.99 * bound);
    const meanOf = (measure: (value: number) => number) =>
      values.reduce((sum, value) => sum + measure(value), 0) / values.length;
    expect(Math.abs(meanOf((value) => value))).toBeLessThan(0.05 * bound);
    // A uniform distribution over ± b has the variance b²/3, and half of it lies within ± b/2.
    expect(meanOf((value) => value * value) / (bound * bound)).toBeCloseTo(1 / 3, 1);
    expect(meanOf((value) => Number(Math.abs(value) < bound / 2))).toBeCloseTo(0.5, 1);
  }
});

test('a seed gives the same bytes every time, and another seed others', () => {
  const bytes = (seed: number) => writeModel(buildArchitecture('mlp:16', { ...mnist, seed }));
  expect(bytes(3)).toEqual(bytes(3));
  expect(bytes(3)).not.toEqual(bytes(4));
});

// Pinned: other numbers would make another model of every seed.
test('a seed gives the weights it has always given', () => {
  const { weights } = mlp({ inputDims: [4], hidden: [], classes: 2, seed: 0 });
  expect([...weights.get('fc1.weight')!.data]).toEqual([
    0.13417237997055054, -0.45334285497665405, 0.2858845591545105, 0.4637681245803833, -0.10356831550598145,
    -0.3946797847747803, 0.28108781576156616, -0.4294518828392029,
  ]);
});

test('it computes W₂ relu(W₁ x + b₁) + b₂', async () => {
  const graph = mlp({ inputDims: [2, 1], hidden: [2], classes: 2, seed: 0 });
  const weights = new Map([
    ['fc1.weight', float32([1, 2, -1, -1], [2, 2])],
    ['fc1.bias', float32([0.5, 1])],
    ['fc2.weight', float32([1, 10, 100, 1000], [2, 2])],
    ['fc2.bias', float32([0, -1])],
  ]);
  const written = readModel(writeModel({ ...graph, weights }), 'mlp.onnx');
  const { logits } = await runGraph(written, { input: float32([1, 2, -3, 1], [2, 2, 1]) });
  // (1, 2): relu(5.5, -2) = (5.5, 0). (-3, 1): relu(-.5, 3) = (0, 3).
  expect(logits!.dims).toEqual([2, 2]);
  expect([...logits!.data]).toEqual([5.5, 549, 30, 2999]);
});

test('any number of layers can be asked for, and any shape of example', () => {
  const ops = (graph: Graph) => graph.nodes.map(({ op }) => op).join(' ');
  expect(ops(buildArchitecture('mlp:8', { ...mnist, inputDims: [5] }))).toBe('Gemm Relu Gemm');
  expect(ops(buildArchitecture('mlp:8,7,6', { ...mnist, inputDims: [3, 2] }))).toBe(
    'Flatten Gemm Relu Gemm Relu Gemm Relu Gemm',
  );
});

describe('a wrong specification is a usage error that quotes it', () => {
  test.each([
    '',
    'mlp',
    'mlp:',
    'mlp:0',
    'mlp:-1',
    'mlp:1.5',
    'mlp:8,',
    'mlp:8,,8',
    'mlp:a',
    'mlp:8:8',
    'mlp:8 8',
    'resnet99',
    'MLP:8',
    'constructor',
    'toString:8',
    ':8',
  ])('"%s"', (spec) => {
    expect(() => buildArchitecture(spec, mnist)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        message: expect.stringContaining(`Cannot build the model "${spec}": expected`),
      }),
    );
  });
});
