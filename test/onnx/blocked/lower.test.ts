import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate, elementCount, float32, type Tensor } from '../../../src/core/tensor.ts';
import { findBlock } from '../../../src/engine/ort/block.ts';
import { adamw, adamwDefaults } from '../../../src/onnx/adamw.ts';
import { arranged, rearranged } from '../../../src/onnx/blocked/layout.ts';
import { GraphBuilder } from '../../../src/onnx/builder.ts';
import { float, type Graph, int, ints } from '../../../src/onnx/graph.ts';
import { labelsInput } from '../../../src/onnx/lossHead.ts';
import { scoreGraph } from '../../../src/onnx/scoreGraph.ts';
import { nextOf } from '../../../src/onnx/trainingGraph.ts';
import { trainStep } from '../../../src/onnx/trainStep.ts';
import { uniform } from '../models.ts';
import { runGraph, type Tensors } from '../runGraph.ts';

const block = (await findBlock()) ?? 0;
const lowered = test.skipIf(block === 0);
const why = '(skipped where ONNX Runtime has no blocked operators)';

type Dims = readonly number[];
type Write = (layers: Layers, x: string) => string;

/** What the nets here are made of; every weight comes from the seed that follows. */
interface Layers {
  readonly b: GraphBuilder;
  conv(x: string, channels: number, kernel: Dims, attributes?: Window & { bias?: boolean; group?: number }): string;
  batchNorm(x: string): string;
  /** A trained weight, uniform around 0. */
  weight(shape: Dims): string;
}

interface Window {
  readonly strides?: Dims;
  readonly pads?: Dims;
  readonly dilations?: Dims;
}

/** A classifier of images: `write` between the image and global average pooling. */
function net(dims: Dims, write: Write): Graph {
  const b = new GraphBuilder('net');
  let made = 0;
  const weight = (shape: Dims, scale = 0.3, from = 0) => {
    made += 1;
    const { data } = uniform(made, shape);
    return b.weight(
      `w${made}`,
      float32(
        (data as Float32Array).map((value) => from + scale * value),
        shape,
      ),
    );
  };
  const layers: Layers = {
    b,
    weight: (shape) => weight(shape),
    conv(x, channels, kernel, { strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], bias, group = 1 } = {}) {
      const inputs = [x, weight([channels, Number(b.type(x).dims[1]) / group, ...kernel])];
      if (bias) inputs.push(weight([channels]));
      const attributes = { strides: ints(strides), pads: ints(pads), dilations: ints(dilations), group: int(group) };
      return b.node('Conv', inputs, attributes);
    },
    batchNorm(x) {
      const channels = [Number(b.type(x).dims[1])];
      const inputs = [weight(channels, 0.5, 1), weight(channels), weight(channels), weight(channels, 0.5, 1)];
      return b.node('BatchNormalization', [x, ...inputs]);
    },
  };
  const out = write(layers, b.input({ name: 'x', dtype: 'float32', dims: ['batch', ...dims] }));
  const pooled = b.node('Flatten', [b.node('GlobalAveragePool', [out])], { axis: int(1) });
  const features = Number(b.type(pooled).dims[1]);
  b.output(b.node('Gemm', [pooled, weight([3, features]), weight([3])], { transB: int(1) }), 'logits');
  return b.build();
}

const feed = (dims: Dims) =>
  ({ name: 'net', stored: [{ dtype: 'float32', dims }], preprocessing: { kind: 'none' } }) as const;

function examples(dims: Dims, count: number): Tensors {
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  return { x: uniform(99, [count, ...dims]), [labelsInput]: { dtype: 'int32', dims: [count], data: labels } };
}

/** One AdamW step; what it gives, in the plain layout. */
async function step(model: Graph, dims: Dims, count: number, blocked: boolean) {
  const options = { ...feed(dims), smallBatch: count, optimizer: adamwDefaults, block: blocked ? block : undefined };
  const { graph, parameters, averages, layouts } = trainStep(model, options);
  const feeds: Record<string, Tensor> = { ...examples(dims, count) };
  for (const { name, state } of parameters) {
    const weight = model.weights.get(name)!;
    const layout = layouts.get(name) ?? 'plain';
    feeds[name] = arranged(weight, layout, block);
    for (const kept of state)
      feeds[kept] = { dtype: 'float32', dims: weight.dims, data: allocate('float32', weight.dims) };
  }
  for (const { name } of averages) feeds[name] = model.weights.get(name)!;
  for (const [name, value] of Object.entries(adamw(adamwDefaults).scalarsAt(1, 1e-3)))
    feeds[name] = float32([value], []);
  const results = await runGraph(graph, feeds);
  const plain = (name: string) => rearranged(results[name]!, layouts.get(name) ?? 'plain', block).data as Float32Array;
  const blockedNodes = graph.nodes.filter(({ domain }) => domain !== '').map(({ op }) => op);
  // The first moment after one step is the gradient.
  const gradients = parameters.map(({ name, state }) => [name, plain(nextOf(state[0]!))] as const);
  return { loss: plain('loss'), gradients, averages: averages.map(({ name }) => plain(nextOf(name))), blockedNodes };
}

function size(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** How far apart two vectors are, as a share of their size. */
function apart(a: Float32Array, b: Float32Array): number {
  const difference = a.map((value, i) => value - b[i]!);
  return size(difference) / Math.max(size(a), 1e-6);
}

async function expectSameStep(model: Graph, dims: Dims, count: number): Promise<readonly string[]> {
  const [plain, blocked] = [await step(model, dims, count, false), await step(model, dims, count, true)];
  expect(blocked.loss).toBeAllClose(plain.loss, { rtol: 1e-4, atol: 1e-5 });
  blocked.averages.forEach((average, index) => {
    expect(average).toBeAllClose(plain.averages[index]!, { rtol: 1e-4, atol: 1e-5 });
  });
  for (const [index, [name, gradient]] of blocked.gradients.entries())
    expect([name, apart(plain.gradients[index]![1], gradient) < 2e-4]).toEqual([name, true]);
  return blocked.blockedNodes;
}

/** The losses of a batch of any size, with all weights fed as inputs in the plain layout. */
async function expectSameScores(model: Graph, dims: Dims): Promise<void> {
  const trained = [...model.weights].filter(([name]) => /^w\d+$/.test(name));
  const weightsAsInputs = new Set(trained.map(([name]) => name));
  const options = { ...feed(dims), outputs: ['loss'] as const, weightsAsInputs };
  const feeds = { ...examples(dims, 3), ...Object.fromEntries(trained) };
  const plain = await runGraph(scoreGraph(model, options), feeds);
  const blocked = await runGraph(scoreGraph(model, { ...options, blocked: { block, layouts: new Map() } }), feeds);
  expect(blocked.loss!.data as Float32Array).toBeAllClose(plain.loss!.data as Float32Array, { rtol: 1e-4, atol: 1e-5 });
}

describe('a step in blocked operators gives the losses, gradients and averages of the standard ones', () => {
  const wide = 2 * block;
  const cases: readonly (readonly [string, Dims, number, Write])[] = [
    ['3 x 3 after few channels', [3, 6, 6], block, ({ conv }, x) => conv(x, block, [3, 3], { pads: [1, 1, 1, 1] })],
    [
      'two convolutions, biases and ReLU',
      [3, 7, 5],
      block,
      ({ b, conv }, x) => {
        const first = b.node('Relu', [conv(x, block, [3, 3], { bias: true })]);
        return b.node('Relu', [conv(first, wide, [1, 1], { bias: true })]);
      },
    ],
    [
      'strides of two on even sizes',
      [block, 8, 8],
      2 * block,
      ({ conv }, x) =>
        conv(conv(x, block, [3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }), wide, [1, 1], { strides: [2, 2] }),
    ],
    [
      'strides on odd sizes, uneven padding, dilation',
      [block, 9, 7],
      block,
      ({ conv }, x) =>
        conv(conv(x, block, [3, 3], { strides: [2, 1], pads: [1, 0, 0, 2] }), block, [3, 2], { dilations: [1, 2] }),
    ],
    [
      'a residual block with batch normalisation and a projection',
      [3, 8, 8],
      block,
      ({ b, conv, batchNorm }, x) => {
        const stem = b.node('Relu', [batchNorm(conv(x, block, [3, 3], { pads: [1, 1, 1, 1] }))]);
        const first = b.node('Relu', [batchNorm(conv(stem, wide, [3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }))]);
        const main = batchNorm(conv(first, wide, [3, 3], { pads: [1, 1, 1, 1] }));
        const shortcut = batchNorm(conv(stem, wide, [1, 1], { strides: [2, 2] }));
        return b.node('Relu', [b.node('Add', [main, shortcut])]);
      },
    ],
    [
      'max pooling on even and odd sizes',
      [3, 13, 10],
      block,
      ({ b, conv }, x) => {
        const pool = { kernel_shape: ints([2, 2]), strides: ints([2, 2]) };
        const first = b.node('MaxPool', [b.node('Relu', [conv(x, block, [3, 3], { bias: true })])], pool);
        return b.node('MaxPool', [b.node('Relu', [conv(first, block, [2, 2], { bias: true })])], pool);
      },
    ],
    [
      'a value that a convolution, a sum and a product use',
      [block, 5, 5],
      block,
      ({ b, conv }, x) => {
        const first = conv(x, block, [3, 3], { pads: [1, 1, 1, 1] });
        const second = conv(first, block, [3, 3], { pads: [1, 1, 1, 1] });
        return b.node('Mul', [b.node('Add', [second, first]), b.node('Sigmoid', [first])]);
      },
    ],
    [
      'groups, channels that fill no block and overlapping pools stay in standard operators',
      [3, 8, 8],
      block,
      ({ b, conv }, x) => {
        const first = conv(x, block, [3, 3], { pads: [1, 1, 1, 1] });
        const grouped = conv(first, block, [3, 3], { group: block, pads: [1, 1, 1, 1] });
        const pool = { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) };
        const pooled = b.node('MaxPool', [grouped], pool);
        return conv(conv(pooled, block + 1, [1, 1]), block, [1, 1]);
      },
    ],
  ];

  const pool2 = { kernel_shape: ints([2, 2]), strides: ints([2, 2]) };
  const around: readonly (readonly [string, Dims, Write])[] = [
    ['LeakyRelu', [3, 6, 6], ({ b, conv }, x) => b.node('LeakyRelu', [conv(x, block, [3, 3])], { alpha: float(0.1) })],
    [
      'Where on a comparison, and its opposite',
      [3, 6, 6],
      ({ b, conv }, x) => {
        const y = conv(x, block, [3, 3]);
        const above = b.node('Greater', [y, b.scalar(0.1)]);
        return b.node('Where', [b.node('Not', [above]), y, b.node('Mul', [y, y])]);
      },
    ],
    [
      'a comparison that leaves its layout',
      [3, 6, 6],
      ({ b, conv }, x) => {
        const y = conv(x, block, [3, 3]);
        const rows = b.node('Reshape', [b.node('Greater', [y, b.scalar(0)]), b.int64([-1, block * 4, 4])]);
        const chosen = b.node('Where', [rows, b.scalar(1), b.scalar(0.5)]);
        return b.node('Mul', [y, b.node('Reshape', [chosen, b.int64([-1, block, 4, 4])])]);
      },
    ],
    [
      'max pooling whose last window reaches over the end',
      [3, 9, 7],
      ({ b, conv }, x) => b.node('MaxPool', [conv(x, block, [3, 3])], { ...pool2, ceil_mode: int(1) }),
    ],
    [
      'max pooling with padding',
      [3, 8, 8],
      ({ b, conv }, x) => b.node('MaxPool', [conv(x, block, [3, 3])], { ...pool2, pads: ints([0, 0, 1, 1]) }),
    ],
    [
      'one number for each channel: spread, added, taken away, multiplied',
      [3, 6, 6],
      ({ b, conv, weight }, x) => {
        const y = conv(x, block, [3, 3]);
        const row = () => weight([1, block, 1, 1]);
        const wide = b.node('Expand', [row(), b.node('Shape', [y])]);
        const sum = b.node('Add', [b.node('Add', [y, wide]), weight([block, 1, 1])]);
        return b.node('Sub', [b.node('Mul', [row(), sum]), row()]);
      },
    ],
    [
      'batch normalisation written by hand',
      [3, 6, 6],
      ({ b, conv }, x) => {
        const y = conv(x, block, [3, 3]);
        const axes = { axes: ints([0, 2, 3]), keepdims: int(1) };
        const centered = b.node('Sub', [y, b.node('ReduceMean', [y], axes)]);
        return b.node('Div', [
          centered,
          b.node('Sqrt', [b.node('ReduceMean', [b.node('Mul', [centered, centered])], axes)]),
        ]);
      },
    ],
    [
      'a sum over other axes, of as many numbers as there are channels',
      [3, 6, block + 2],
      ({ b, conv }, x) => {
        const y = conv(x, block, [3, 3]);
        const sum = b.node('ReduceSum', [y, b.int64([1, 2])], { keepdims: int(0) });
        return b.node('Reshape', [sum, b.int64([-1, block, 1, 1])]);
      },
    ],
    [
      'a transposed convolution with strides',
      [3, 6, 6],
      ({ b, conv, weight }, x) => {
        const y = conv(x, block, [3, 3]);
        return b.node('ConvTranspose', [y, weight([block, block, 2, 2])], { strides: ints([2, 2]) });
      },
    ],
    [
      'a convolution and two values added to it',
      [block, 4, 4],
      ({ b, conv }, x) => {
        const [y, first, second] = [conv(x, block, [1, 1]), conv(x, block, [1, 1]), conv(x, block, [1, 1])];
        return b.node('Relu', [
          b.node('Add', [b.node('Add', [y, b.node('Sigmoid', [first])]), b.node('Tanh', [second])]),
        ]);
      },
    ],
  ];
  for (const [name, dims, write] of around)
    lowered(`${name}, trained and scored ${why}`, async () => {
      const model = net(dims, write);
      await expectSameStep(model, dims, block);
      await expectSameScores(model, dims);
    });

  for (const [name, dims, count, write] of cases)
    lowered(`${name} ${why}`, async () => {
      const used = await expectSameStep(net(dims, write), dims, count);
      expect(used).toContain('Conv');
    });

  lowered(`a batch that fills no block ${why}`, async () => {
    const write: Write = ({ b, conv, batchNorm }, x) =>
      b.node('Relu', [batchNorm(conv(b.node('Relu', [conv(x, block, [3, 3], { bias: true })]), block, [3, 3]))]);
    await expectSameStep(net([3, 8, 8], write), [3, 8, 8], 5);
  });

  const conv = fc.record({
    inputs: fc.constantFrom(1, 3, block, 2 * block),
    outputs: fc.constantFrom(block, 2 * block),
    kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })),
    pads: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
    extra: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })),
  });
  lowered(`any window ${why}`, { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(conv, async ({ inputs, outputs, kernel, strides, pads, extra }) => {
        const dims = [inputs, kernel[0] + extra[0], kernel[1] + extra[1]];
        // A first layer passes the gradient on to the window's input.
        const write: Write = (layers, x) =>
          layers.conv(layers.conv(x, block, [1, 1]), outputs, kernel, { strides, pads, bias: true });
        await expectSameStep(net(dims, write), dims, block);
      }),
      { numRuns: 25 },
    );
  });
});

lowered(`scoring in blocked operators folds batch normalisation and gives the same losses ${why}`, async () => {
  const dims = [3, 6, 6];
  const model = net(dims, ({ b, conv, batchNorm }, x) => {
    const first = b.node('Relu', [batchNorm(conv(x, block, [3, 3], { pads: [1, 1, 1, 1] }))]);
    const second = batchNorm(conv(first, block, [3, 3], { pads: [1, 1, 1, 1], bias: true }));
    return b.node('Relu', [b.node('Add', [second, first])]);
  });
  const names = new Set(model.weights.keys());
  const options = { ...feed(dims), outputs: ['loss'] as const, weightsAsInputs: names };
  const weights = Object.fromEntries(model.weights);
  const plain = await runGraph(scoreGraph(model, options), { ...examples(dims, 5), ...weights });
  const filters = { w1: 'fewFilters', w6: 'filters' } as const;
  const graph = scoreGraph(model, { ...options, blocked: { block, layouts: new Map(Object.entries(filters)) } });
  expect(graph.nodes.map(({ op }) => op)).not.toContain('BatchNormalization');
  expect(graph.nodes.filter(({ op }) => op === 'Relu' || op === 'ReorderOutput')).toEqual([]);
  const fed = Object.entries(filters).map(([name, layout]) => [name, arranged(weights[name]!, layout, block)]);
  const blocked = await runGraph(graph, { ...examples(dims, 5), ...weights, ...Object.fromEntries(fed) });
  expect(blocked.loss!.data as Float32Array).toBeAllClose(plain.loss!.data as Float32Array, { rtol: 1e-5 });
});

lowered(`the first of equal cells of a pool gets the gradient ${why}`, async () => {
  const dims = [block, 4, 4];
  const pool = { kernel_shape: ints([2, 2]), strides: ints([2, 2]) };
  const model = net(dims, ({ b, conv }, x) => b.node('MaxPool', [conv(x, block, [1, 1])], pool));
  const w1 = model.weights.get('w1')!;
  // Filters of zero make all cells equal, and their gradient tells which cell of the input was meant.
  const zeros = { ...w1, data: allocate('float32', w1.dims) };
  await expectSameStep({ ...model, weights: new Map([...model.weights, ['w1', zeros]]) }, dims, block);
});

describe('layouts', () => {
  test('filters by hand: [4, 2, 1, 1] in blocks of two', () => {
    const tensor = float32([0, 1, 2, 3, 4, 5, 6, 7], [4, 2, 1, 1]);
    expect([...arranged(tensor, 'filters', 2).data]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
    expect([...arranged({ ...tensor, dims: [4, 1, 2, 1] }, 'fewFilters', 2).data]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });

  test('activations by hand: [1, 4, 1, 2] in blocks of two', () => {
    expect([...arranged(float32([0, 1, 2, 3, 4, 5, 6, 7], [1, 4, 1, 2]), 'blocked', 2).data]).toEqual([
      0, 2, 1, 3, 4, 6, 5, 7,
    ]);
  });

  test('what was arranged can be put back', () => {
    const size = fc.integer({ min: 1, max: 3 });
    const sizes = fc.tuple(size, size, size, size);
    fc.assert(
      fc.property(sizes, fc.constantFrom('filters', 'fewFilters', 'blocked', 'plain'), ([o, i, h, w], layout) => {
        const dims = [4 * o, 4 * i, h, w];
        const tensor = float32(
          Array.from({ length: elementCount(dims) }, (_, n) => n),
          dims,
        );
        expect(rearranged(arranged(tensor, layout, 4), layout, 4)).toEqual(tensor);
      }),
    );
  });
});
