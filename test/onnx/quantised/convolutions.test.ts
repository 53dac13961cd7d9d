import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../../src/architectures/architecture.ts';
import { rankAgreement } from '../../../src/core/rankAgreement.ts';
import { float32, type Tensor } from '../../../src/core/tensor.ts';
import { openTrainer } from '../../../src/engine/ort/openTrainer.ts';
import { GraphBuilder } from '../../../src/onnx/builder.ts';
import { float, type Graph, int, ints } from '../../../src/onnx/graph.ts';
import { labelsInput } from '../../../src/onnx/lossHead.ts';
import { shareInEightBits } from '../../../src/onnx/quantised/convolutionPlan.ts';
import { int8Convolutions, rangedValues } from '../../../src/onnx/quantised/convolutions.ts';
import { int8Graph } from '../../../src/onnx/quantised/int8.ts';
import { scoreGraph } from '../../../src/onnx/scoreGraph.ts';
import { uniform } from '../models.ts';
import { runGraph, type Tensors } from '../runGraph.ts';

const ops = (graph: Graph, op: string) => graph.nodes.filter((node) => node.op === op).length;
const numbers = ({ y }: Tensors) => y!.data as Float32Array;
const wholeRun = { ranges: { examples: 64 } };

/** A graph of x, [batch, …dims], whose nodes `write` adds. */
function graphOf(dims: readonly number[], write: (b: GraphBuilder) => string): Graph {
  const b = new GraphBuilder('model');
  b.input({ name: 'x', dtype: 'float32', dims: ['batch', ...dims] });
  b.output(write(b), 'y');
  return b.build();
}

interface Shape {
  readonly size: readonly [number, number];
  readonly inner: number;
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly dilation: number;
  readonly pads: readonly number[];
  readonly isInput: boolean;
  readonly relu: boolean;
}

/** A convolution by 64 filters, which are an input of the graph or constants. */
function convolved({ size, inner, kernel, stride, dilation, pads, isInput, relu }: Shape, w: Tensor): Graph {
  return graphOf([inner, ...size], (b) => {
    const filters = isInput ? b.input({ ...w, name: 'w' }) : b.weight('w', w);
    const y = b.node('Conv', ['x', filters, b.weight('c', uniform(5, [64]))], {
      kernel_shape: ints(kernel),
      strides: ints([stride, stride]),
      dilations: ints([dilation, dilation]),
      pads: ints(pads),
    });
    return relu ? b.node('Relu', [y]) : y;
  });
}

describe('a convolution in 8 bits', () => {
  test('is what whole numbers give by hand, cut at the range', async () => {
    // 1.27 and 0.5 with the scale 0.01 are 127 and 50; each filter has one number of 0.254 and one of -0.1, scale 0.002.
    const x = float32(new Float32Array(27).fill(0.5), [1, 3, 3, 3]);
    x.data[4] = 1.27;
    const w = float32(new Float32Array(64 * 27), [64, 3, 3, 3]);
    for (let channel = 0; channel < 64; channel++) {
      w.data[channel * 27 + 4] = 0.254;
      w.data[channel * 27 + 20] = -0.1;
    }
    const biases = Array.from({ length: 64 }, (_, channel) => (channel - 32) / 100);
    const graph = graphOf([3, 3, 3], (b) =>
      b.node('Relu', [b.node('Conv', ['x', b.weight('w', w), b.weight('c', float32(biases))])]),
    );
    const [image, result] = rangedValues(graph);
    expect([image, result]).toEqual(['x', graph.nodes[1]!.outputs[0]]);
    const ranges = new Map([
      [image!, 1.27],
      [result!, 0.51],
    ]);
    const y = numbers(await runGraph(int8Convolutions(graph, { ranges }), { x }));
    const scale = 0.002;
    const expected = biases.map((bias) => {
      const sum = (127 * 127 - 50 * 50) * 0.01 * 0.002 + bias;
      return Math.min(255, Math.max(0, Math.round(sum / scale))) * scale;
    });
    expect(expected[0]).toBeLessThan(0.01);
    expect(expected[63]).toBe(0.51);
    expect(y).toBeAllClose(expected, { atol: 1.01 * scale });
    expect([...y].map((number) => Math.abs(number / scale - Math.round(number / scale)) < 1e-3)).not.toContain(false);
  });

  test('is never further off than what was rounded, whatever its window, and so with filters as an input', async () => {
    const shapes = fc.record({
      size: fc.tuple(fc.integer({ min: 5, max: 9 }), fc.integer({ min: 5, max: 9 })),
      inner: fc.integer({ min: 7, max: 20 }),
      kernel: fc.constantFrom([2, 2], [3, 3], [1, 5], [3, 2]) as fc.Arbitrary<[number, number]>,
      stride: fc.integer({ min: 1, max: 2 }),
      dilation: fc.integer({ min: 1, max: 1 }),
      pads: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 4, maxLength: 4 }),
      isInput: fc.boolean(),
      relu: fc.boolean(),
    });
    const holds = async (shape: Shape) => {
      const w = uniform(2, [64, shape.inner, ...shape.kernel]);
      const x = uniform(3, [3, shape.inner, ...shape.size]);
      const graph = convolved(shape, w);
      const quantised = int8Convolutions(graph, wholeRun);
      expect(ops(quantised, 'QGemm') + ops(quantised, 'QLinearConv')).toBe(1);
      const feeds: Tensors = shape.isInput ? { x, w } : { x };
      const [plain, rough] = [await runGraph(graph, feeds), await runGraph(quantised, feeds)];
      expect(rough.y!.dims).toEqual(plain.y!.dims);
      const range = numbers(plain).reduce((most, number) => Math.max(most, Math.abs(number)), 0);
      // Of each sum two sides are off by half of 1/127, independently; six deviations of that, and one rounding.
      const terms = shape.inner * shape.kernel[0] * shape.kernel[1];
      const atol = (range / 127) * 0.51 + 6 * Math.sqrt((terms * 2) / 3 / 12) * (1 / 127);
      expect(numbers(rough)).toBeAllClose(numbers(plain), { atol, rtol: 0 });
    };
    await fc.assert(fc.asyncProperty(shapes, holds), { numRuns: 25 });
    const wide = { size: [6, 6], inner: 8, kernel: [3, 3], stride: 1, dilation: 2, pads: [2, 2, 2, 2] } as const;
    for (const isInput of [true, false]) await holds({ ...wide, isInput, relu: true });
  });

  test('gives the same with filters that are constant and that are fed', async () => {
    const shape = { size: [6, 6], inner: 8, kernel: [3, 3], stride: 1, dilation: 1, pads: [1, 1, 1, 1], relu: true };
    const w = uniform(2, [64, 8, 3, 3]);
    const x = uniform(3, [2, 8, 6, 6]);
    const [fed, constant] = [true, false].map((isInput) =>
      int8Convolutions(convolved({ ...(shape as unknown as Shape), isInput }, w), wholeRun),
    );
    expect(ops(fed!, 'QGemm')).toBe(1);
    expect(ops(constant!, 'QLinearConv')).toBe(1);
    const [a, c] = [await runGraph(fed!, { x, w }), await runGraph(constant!, { x })];
    expect(numbers(a)).toBeAllClose(numbers(c), { rtol: 1e-6 });
  });

  test('has filters of 7 bits where products overflow, so that two by 255 fit into 16 bits', async () => {
    const w = float32(new Float32Array(64 * 32).fill(1), [64, 32, 1, 1]);
    const graph = graphOf([32, 1, 1], (b) => b.node('Relu', [b.node('Conv', ['x', b.weight('w', w)])]));
    const quantised = int8Convolutions(graph, { ...wholeRun, productsOverflow: true });
    const rounded = quantised.nodes.filter(({ op }) => op === 'QuantizeLinear')[1]!.outputs[0]!;
    const b = {
      ...quantised,
      outputs: [...quantised.outputs, { name: rounded, dtype: 'int8', dims: [64, 32] }],
    } as const;
    const results = await runGraph(b, { x: uniform(1, [2, 32, 1, 1]) });
    expect([...new Set(results[rounded]!.data as Int8Array)]).toEqual([64]);
    const plain = await runGraph(graph, { x: uniform(1, [2, 32, 1, 1]) });
    expect(numbers(results)).toBeAllClose(numbers(plain), { atol: 0.1 });
    expect(64 * 2 * 255).toBeLessThan(2 ** 15);
  });

  test.each([0, 1e-20, 1e-4])('by a filter of numbers of %s is its bias', async (size) => {
    const w = float32(new Float32Array(64 * 32).fill(size), [64, 32, 1, 1]);
    const graph = graphOf([32, 2, 2], (b) =>
      b.node('Conv', ['x', b.weight('w', w), b.weight('c', float32(new Float32Array(64).fill(-700)))]),
    );
    const y = numbers(await runGraph(int8Convolutions(graph, wholeRun), { x: uniform(1, [2, 32, 2, 2]) }));
    expect(y).toBeAllClose(new Float32Array(y.length).fill(-700), { rtol: 1e-3 });
  });

  test('of zeros alone is zeros', async () => {
    const graph = graphOf([32, 2, 2], (b) =>
      b.node('Relu', [b.node('Conv', ['x', b.weight('w', uniform(1, [64, 32, 1, 1]))])]),
    );
    const x = float32(new Float32Array(2 * 128), [2, 32, 2, 2]);
    expect([...new Set(numbers(await runGraph(int8Convolutions(graph, wholeRun), { x })))]).toEqual([0]);
  });
});

/** Two convolutions with batch normalisation, a shortcut around them, and a pool with padding. */
function residual(b: GraphBuilder): string {
  const norm = (x: string, seed: number) => {
    const inputs = [1, 2, 3].map((i) => b.constant(uniform(seed + i, [64])));
    const variance = b.constant(float32((uniform(seed, [64]).data as Float32Array).map((number) => number ** 2 + 0.5)));
    return b.node('BatchNormalization', [x, ...inputs, variance], { epsilon: float(1e-3) });
  };
  const conv = (x: string, seed: number, inner: number) =>
    b.node('Conv', [x, b.constant(uniform(seed, [64, inner, 3, 3]))], { pads: ints([1, 1, 1, 1]) });
  const stem = b.node('Relu', [norm(conv('x', 10, 3), 20)]);
  const middle = b.node('Relu', [norm(conv(stem, 30, 64), 40)]);
  const sum = b.node('Relu', [b.node('Add', [norm(conv(middle, 50, 64), 60), stem])]);
  const pool = { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) };
  return b.node('GlobalAveragePool', [b.node('MaxPool', [sum], pool)]);
}

describe('a graph with convolutions in 8 bits', () => {
  test('stays in 8 bits through batch normalisation, ReLU, sums and pools', async () => {
    const graph = graphOf([3, 8, 8], residual);
    const quantised = int8Convolutions(graph, wholeRun);
    expect(['QLinearConv', 'QLinearAdd', 'NhwcMaxPool', 'DequantizeLinear'].map((op) => ops(quantised, op))).toEqual([
      3, 1, 1, 1,
    ]);
    const x = uniform(7, [6, 3, 8, 8]);
    const [plain, rough] = [numbers(await runGraph(graph, { x })), numbers(await runGraph(quantised, { x }))];
    const size = plain.reduce((most, number) => Math.max(most, number), 0);
    expect(rough).toBeAllClose(plain, { atol: size / 40, rtol: 0 });
    expect(rankAgreement(plain, rough).spearman).toBeGreaterThan(0.999);
  });

  test('gives an example the same number whatever shares its run, where ranges are known', async () => {
    const graph = graphOf([3, 8, 8], residual);
    const ranges = new Map(rangedValues(graph).map((value, i) => [value, [1, 40, 60, 60][i % 4]!]));
    const quantised = int8Convolutions(graph, { ranges });
    const x = uniform(7, [4, 3, 8, 8]);
    const all = numbers(await runGraph(quantised, { x }));
    const last = { ...x, dims: [1, 3, 8, 8], data: x.data.slice(3 * 192) as Float32Array };
    expect(numbers(await runGraph(quantised, { x: last }))).toEqual(all.slice(3 * 64));
  });

  test('takes its ranges from the first examples of a run', async () => {
    const graph = graphOf([3, 8, 8], residual);
    const quantised = int8Convolutions(graph, { ranges: { examples: 2 } });
    const x = uniform(7, [4, 3, 8, 8]);
    const all = numbers(await runGraph(quantised, { x }));
    const loud = { ...x, data: (x.data as Float32Array).map((number, i) => (i < 3 * 192 ? number : number * 3)) };
    expect(numbers(await runGraph(quantised, { x: loud })).slice(0, 3 * 64)).toEqual(all.slice(0, 3 * 64));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'gives NaN for an example with %s, and not for others',
    async (bad) => {
      const graph = graphOf([3, 8, 8], residual);
      const x = uniform(7, [4, 3, 8, 8]);
      const ranges = { examples: 1 };
      const spoiled = { ...x, data: Float32Array.from(x.data as Float32Array) };
      spoiled.data[3 * 192 + 5] = bad;
      const quantised = int8Convolutions(graph, { ranges });
      const [clean, found] = [
        numbers(await runGraph(quantised, { x })),
        numbers(await runGraph(quantised, { x: spoiled })),
      ];
      expect(found.slice(0, 3 * 64)).toEqual(clean.slice(0, 3 * 64));
      expect([...new Set(found.slice(3 * 64))]).toEqual([Number.NaN]);
    },
  );

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('gives NaN for all where a weight is %s', async (bad) => {
    const shape = { size: [4, 4], inner: 8, kernel: [3, 3], stride: 1, dilation: 1, pads: [0, 0, 0, 0], relu: true };
    const w = uniform(2, [64, 8, 3, 3]);
    const graph = int8Convolutions(convolved({ ...(shape as unknown as Shape), isInput: true }, w), wholeRun);
    w.data[100] = bad;
    expect([...new Set(numbers(await runGraph(graph, { x: uniform(3, [2, 8, 4, 4]), w })))]).toEqual([Number.NaN]);
  });

  test('is the graph itself where nothing gains: grouped convolutions, and few channels', () => {
    const graph = graphOf([64, 8, 8], (b) => {
      const grouped = b.node('Conv', ['x', b.constant(uniform(1, [64, 32, 3, 3]))], { group: int(2) });
      return b.node('Conv', [grouped, b.constant(uniform(1, [32, 64, 3, 3]))]);
    });
    expect(int8Convolutions(graph, wholeRun)).toBe(graph);
    expect(rangedValues(graph)).toEqual([]);
  });
});

test('the share of convolutions in 8 bits is by multiplications: all of a cnn, of a narrow ResNet the last two stages', () => {
  const share = (spec: string) =>
    shareInEightBits(buildArchitecture(spec, { inputDims: [3, 32, 32], classes: 10, seed: null }));
  expect(share('cnn')).toBe(1);
  expect(share('mlp:8')).toBeNaN();
  // In units of a 3 x 3 convolution of a whole stage: the stem is 3/16, the first of a later stage half, its shortcut 1/18.
  const later = 3.5 + 1 / 18;
  expect(share('resnet:16')).toBeCloseTo((2 * later) / (3 / 16 + 4 + 3 * later), 10);
});

test('the losses of a trained net rank as in float32, with its weights fed and with its dense layers in 8 bits as well', async () => {
  const stored = { dtype: 'uint8', dims: [3, 32, 32] } as const;
  const preprocessing = {
    kind: 'standardize',
    scale: 1 / 255,
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  } as const;
  const options = { name: 'cnn', stored: [stored], preprocessing, classes: 4, outputs: ['loss'] } as const;
  const model = buildArchitecture('cnn', { inputDims: stored.dims, classes: 4, seed: 1 });
  /** Noise that is a little brighter in one quarter of the image, which the label tells for most. */
  const examples = (seed: number, count: number) => {
    const noise = uniform(seed, [count, 3, 32, 32]).data as Float32Array;
    const labels = Int32Array.from({ length: count }, (_, i) => (i * 7 + seed) % 4);
    const data = Uint8Array.from(noise, (number, i) => {
      const [row, column] = [(i >> 5) & 31, i & 31];
      const label = labels[Math.floor(i / 3072)]!;
      return 100 + number * 90 + ((row >> 4) * 2 + (column >> 4) === label ? 25 : 0);
    });
    for (let i = 0; i < count; i += 9) labels[i] = (labels[i]! + 1) % 4;
    return { inputs: [{ dtype: 'uint8', dims: [count, 3, 32, 32], data }], labels } as const;
  };
  const trainer = await openTrainer(model, { ...options, device: 'cpu', threads: 1, smallBatch: 16, seed: 1 });
  for (let step = 0; step < 25; step++) await trainer.step(examples(step, 16), 1e-3);
  const weights = await trainer.weights();
  await trainer.close();

  const graph = scoreGraph(model, { ...options, weightsAsInputs: new Set(weights.keys()) });
  const { inputs, labels } = examples(99, 80);
  const batch = { 'input/stored': inputs[0], [labelsInput]: { dtype: 'int32', dims: [80], data: labels } } as const;
  const feeds: Tensors = { ...batch, ...Object.fromEntries(weights) };
  const loss = async (scored: Graph, fed: Tensors) => (await runGraph(scored, fed)).loss!.data as Float32Array;
  const exact = await loss(graph, feeds);
  const convolutions = int8Convolutions(graph, { ranges: { examples: 8 } });
  expect(ops(convolutions, 'QLinearConv') + ops(convolutions, 'QGemm')).toBe(3);
  const found = rankAgreement(exact, await loss(convolutions, feeds));
  expect(found.spearman).toBeGreaterThan(0.99);
  expect(found.topTenthOverlap).toBeGreaterThanOrEqual(0.87);

  const constant = scoreGraph({ ...model, weights }, options);
  const all = int8Graph(int8Convolutions(constant, { ranges: { examples: 8 } }), 'cnn');
  expect(ops(all, 'MatMulIntegerToFloat')).toBeGreaterThan(0);
  expect(rankAgreement(exact, await loss(all, batch)).spearman).toBeGreaterThan(0.98);
});
