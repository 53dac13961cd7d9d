import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../../src/architectures/architecture.ts';
import { RhoError } from '../../../src/core/errors.ts';
import { float32, type Tensor } from '../../../src/core/tensor.ts';
import { GraphBuilder } from '../../../src/onnx/builder.ts';
import { float, type Graph, int, ints } from '../../../src/onnx/graph.ts';
import { labelsInput } from '../../../src/onnx/lossHead.ts';
import { microsoftDomain } from '../../../src/onnx/ops/microsoft.ts';
import { int8Graph } from '../../../src/onnx/quantised/int8.ts';
import { writeProduct } from '../../../src/onnx/quantised/product.ts';
import { writeQuantisedRows } from '../../../src/onnx/quantised/rows.ts';
import { quantisedColumns, writeWeight } from '../../../src/onnx/quantised/weights.ts';
import { scoreGraph } from '../../../src/onnx/scoreGraph.ts';
import { uniform } from '../models.ts';
import { runGraph } from '../runGraph.ts';

const opsets = { '': 17, [microsoftDomain]: 1 };
const products = (graph: Graph) => graph.nodes.filter(({ op }) => op === 'MatMulIntegerToFloat').length;

/** Columns with the scales 0.01 and 0.02. */
const rows = [
  [1.27, 0.2],
  [-0.5, 2.54],
];
const weight = () => quantisedColumns(2, 2, (k, n) => rows[k]![n]!);

/** x times `weight` plus the bias, in 8 bits. */
async function product(x: Tensor, nonNegative: boolean, factor = 1, bias: readonly number[] = [0, 0]) {
  const b = new GraphBuilder('product', opsets);
  b.input({ name: 'x', dtype: 'float32', dims: ['rows', 2] });
  const added = b.constant(float32(bias));
  b.output(writeProduct(b, writeQuantisedRows(b, 'x', nonNegative), writeWeight(b, weight(), factor), added), 'y');
  return (await runGraph(b.build(), { x })).y!.data as Float32Array;
}

describe('a matrix in 8 bits', () => {
  test('has for each column the scale that its largest number asks for', () => {
    const { values, scales } = weight();
    expect([...values]).toEqual([127, 10, -50, 127]);
    expect(scales).toBeAllClose([0.01, 0.02]);
  });

  test('holds a column of zeros as zeros', () => {
    expect(quantisedColumns(2, 1, () => 0)).toEqual({ values: new Int8Array(2), scales: Float32Array.of(1) });
  });

  test('is never further off than half of the scale', () => {
    const numbers = fc.array(fc.float({ min: Math.fround(-1e6), max: Math.fround(1e6), noNaN: true }), {
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(
      fc.property(numbers, (data) => {
        const { values, scales } = quantisedColumns(3, 2, (k, n) => data[k * 2 + n]!);
        data.forEach((number, i) => {
          const scale = scales[i % 2]!;
          expect(Math.abs(values[i]! * scale - number)).toBeLessThanOrEqual(scale * (0.5 + 1e-4));
        });
      }),
    );
  });
});

describe('rows times a matrix in 8 bits', () => {
  test('are what whole numbers give by hand, with a scale for each row', async () => {
    // 3.81 and -1 with the scale 0.03 are 127 and -33, 127 and 0 are themselves.
    const x = float32([3.81, -1, 127, 0], [2, 2]);
    const expected = [
      (127 * 127 + 33 * 50) * 0.03 * 0.01,
      (127 * 10 - 33 * 127) * 0.03 * 0.02,
      127 * 127 * 0.01,
      127 * 10 * 0.02,
    ];
    expect(await product(x, false)).toBeAllClose(expected, { rtol: 1e-6 });
    expect(await product(x, false, -2, [1, 5])).toBeAllClose(
      expected.map((value, i) => -2 * value + [1, 5][i % 2]!),
      { rtol: 1e-5 },
    );
  });

  test('use all 8 bits where no number is below 0', async () => {
    // 5.1 and 1 with the scale 0.02 are 255 and 50.
    const expected = [(255 * 127 - 50 * 50) * 0.02 * 0.01, (255 * 10 + 50 * 127) * 0.02 * 0.02];
    expect(await product(float32([5.1, 1], [1, 2]), true)).toBeAllClose(expected, { rtol: 1e-6 });
  });

  test.each([true, false])('of zeros are the bias alone (no number below 0: %s)', async (nonNegative) => {
    expect(await product(float32([0, 0, 1, 1], [2, 2]), nonNegative, 1, [3, 4])).toMatchObject({ 0: 3, 1: 4 });
  });

  test.each([true, false])(
    'with a NaN are NaN, and other rows are not (no number below 0: %s)',
    async (nonNegative) => {
      for (const row of [
        [Number.NaN, 1],
        [1, Number.NaN],
      ]) {
        const [a, b, ...others] = await product(float32([...row, 1, 1], [2, 2]), nonNegative);
        expect([a, b]).toEqual([Number.NaN, Number.NaN]);
        expect(others).toBeAllClose([0.77, 2.74], { rtol: 1e-2 });
      }
    },
  );
});

/** A graph of x, [batch, 64], whose nodes `write` adds. */
function graphOf(write: (b: GraphBuilder) => string, dims: readonly (number | string)[] = ['batch', 64]): Graph {
  const b = new GraphBuilder('model');
  b.input({ name: 'x', dtype: 'float32', dims });
  b.output(write(b), 'y');
  return b.build();
}

/** What a graph and its int8 form make of the same numbers. */
async function both(graph: Graph, x: Tensor) {
  const quantised = int8Graph(graph, 'model');
  const [plain, rough] = [await runGraph(graph, { x }), await runGraph(quantised, { x })];
  expect(rough.y!.dims).toEqual(plain.y!.dims);
  return { quantised, plain: plain.y!.data as Float32Array, rough: rough.y!.data as Float32Array };
}

const large = (dims: readonly number[] = [64, 256]) => uniform(3, dims);
/** Sums of 64 products of numbers below 1, rounded at 1/127 each. */
const close = { atol: 0.15, rtol: 0 };

describe('a graph in int8', () => {
  test.each<[string, (b: GraphBuilder) => string]>([
    ['MatMul', (b) => b.node('MatMul', ['x', b.weight('w', large())])],
    ['Gemm', (b) => b.node('Gemm', ['x', b.weight('w', large())])],
    [
      'Gemm with a transposed weight',
      (b) => b.node('Gemm', ['x', b.weight('w', large([256, 64]))], { transB: int(1) }),
    ],
    [
      'Gemm with a bias and factors',
      (b) =>
        b.node('Gemm', ['x', b.weight('w', large()), b.weight('c', uniform(4, [1, 256]))], {
          alpha: float(-0.5),
          beta: float(3),
        }),
    ],
    [
      'MatMul by a Transpose of a weight',
      (b) => b.node('MatMul', ['x', b.node('Transpose', [b.weight('w', large([256, 64]))], { perm: ints([1, 0]) })]),
    ],
    [
      'MatMul by a reshaped weight',
      (b) => b.node('MatMul', ['x', b.node('Reshape', [b.weight('w', large([8, 8, 256])), b.int64([64, -1])])]),
    ],
    ['MatMul behind a ReLU', (b) => b.node('MatMul', [b.node('Relu', ['x']), b.weight('w', large())])],
  ])('gives nearly the same by %s, and the weights are in 8 bits', async (_, write) => {
    const { quantised, plain, rough } = await both(graphOf(write), uniform(1, [5, 64]));
    expect(products(quantised)).toBe(1);
    expect(rough).toBeAllClose(plain, close);
    expect(rough).not.toEqual(plain);
    expect(
      [...quantised.weights.values()].filter(({ dtype, data }) => dtype === 'float32' && data.length > 256),
    ).toEqual([]);
  });

  test('keeps the shape of activations of more axes', async () => {
    const graph = graphOf((b) => b.node('MatMul', ['x', b.weight('w', large())]), ['batch', 3, 2, 64]);
    const { plain, rough } = await both(graph, uniform(1, [4, 3, 2, 64]));
    expect(rough).toBeAllClose(plain, close);
  });

  test('rounds rows once for all products that take them', () => {
    const graph = graphOf((b) => {
      const [a, c] = ['a', 'c'].map((name) => b.node('MatMul', ['x', b.weight(name, large())]));
      return b.node('Add', [a!, c!]);
    });
    const { nodes } = int8Graph(graph, 'model');
    expect(nodes.filter(({ op }) => op === 'QuantizeLinear')).toHaveLength(1);
    expect(nodes.filter(({ op }) => op === 'MatMulIntegerToFloat')).toHaveLength(2);
  });

  test('leaves products that are too small, of two activations, or of weights that are not finite', () => {
    const graph = graphOf((b) => {
      const one = b.node('MatMul', ['x', b.weight('quantised', large([64, 256]))]);
      const few = b.node('MatMul', [one, b.weight('few', large([256, 10]))]);
      const back = b.node('MatMul', [few, b.node('Transpose', [few])]);
      const { data } = large([64, 256]);
      data[7] = Infinity;
      const infinite = b.node('MatMul', ['x', b.weight('infinite', float32(data as Float32Array, [64, 256]))]);
      return b.node('Add', [
        b.node('ReduceSum', [infinite], { keepdims: int(0) }),
        b.node('ReduceSum', [back], { keepdims: int(0) }),
      ]);
    });
    const quantised = int8Graph(graph, 'model');
    expect(quantised.nodes.filter(({ op }) => op === 'MatMul')).toHaveLength(3);
    expect([...quantised.weights.keys()]).toEqual(expect.arrayContaining(['few', 'infinite']));
    expect(quantised.weights.has('quantised')).toBe(false);
  });

  test('without a product that gains is refused', () => {
    const graph = graphOf((b) => b.node('MatMul', ['x', b.weight('w', large([64, 10]))]));
    const refused = () => int8Graph(graph, 'small.onnx');
    expect(refused).toThrow(RhoError);
    expect(refused).toThrow(/^Cannot score "small.onnx" in int8: .*; pass --precision fp32$/);
  });
});

describe('stored bytes', () => {
  const stored = { dtype: 'uint8', dims: [3, 4, 4] } as const;
  const preprocessing = { kind: 'standardize', scale: 1 / 255, mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] } as const;
  const options = { name: 'mlp', stored: [stored], preprocessing, outputs: ['loss'] } as const;
  const bytes: Tensor = {
    dtype: 'uint8',
    dims: [6, 3, 4, 4],
    data: Uint8Array.from({ length: 6 * 48 }, (_, i) => (i * 89) % 256),
  };
  const feeds = {
    'input/stored': bytes,
    [labelsInput]: { dtype: 'int32', dims: [6], data: Int32Array.of(0, 1, 2, 3, 4, 5) },
  } as const;

  test('go into the first layer as they are: only its weights are rounded', async () => {
    const model = buildArchitecture('mlp:32', { inputDims: stored.dims, classes: 10, seed: 1 });
    const quantised = int8Graph(scoreGraph(model, options), 'mlp');
    expect(quantised.nodes.map(({ op }) => op)).not.toContain('QuantizeLinear');
    expect(quantised.nodes.filter(({ op }) => op === 'Mul')).toEqual([]);
    expect(products(quantised)).toBe(1);

    const channel = (k: number) => Math.floor(k / 16);
    const w = model.weights.get('fc1.weight')!.data as Float32Array;
    const factor = (k: number) => preprocessing.scale / preprocessing.std[channel(k)]!;
    const { values, scales } = quantisedColumns(48, 32, (k, n) => w[n * 48 + k]! * factor(k));
    const rounded = w.map(
      (_, i) => (values[(i % 48) * 32 + Math.floor(i / 48)]! * scales[Math.floor(i / 48)]!) / factor(i % 48),
    );
    const withRounded = { ...model, weights: new Map(model.weights).set('fc1.weight', float32(rounded, [32, 48])) };
    const expected = await runGraph(scoreGraph(withRounded, options), feeds);
    const { loss } = await runGraph(quantised, feeds);
    expect(loss!.data).toBeAllClose(expected.loss!.data as Float32Array, { rtol: 1e-5 });
    const plain = await runGraph(scoreGraph(model, options), feeds);
    expect(loss!.data).toBeAllClose(plain.loss!.data as Float32Array, { rtol: 5e-3 });
    expect(loss!.data).not.toEqual(plain.loss!.data);
  });

  test('behind arithmetic of a model itself do so too', async () => {
    const b = new GraphBuilder('model');
    b.input({ name: 'x', dtype: 'uint8', dims: ['batch', 8, 8] });
    const numbers = b.node('Cast', ['x'], { to: int(1) });
    const scaled = b.node('Div', [b.node('Sub', [numbers, b.scalar(100)]), b.weight('by', uniform(5, [1, 1, 8]))]);
    const flat = b.node('Reshape', [b.node('Add', [b.weight('row', uniform(6, [8, 1])), scaled]), b.int64([-1, 64])]);
    b.output(b.node('Gemm', [flat, b.weight('w', uniform(3, [64, 128]))]), 'y');
    const graph = b.build();
    const quantised = int8Graph(graph, 'model');
    expect(quantised.nodes.map(({ op }) => op)).toEqual(['Reshape', 'MatMulIntegerToFloat', 'Identity']);
    const x = {
      dtype: 'uint8',
      dims: [2, 8, 8],
      data: Uint8Array.from({ length: 128 }, (_, i) => (i * 37) % 256),
    } as const;
    const [plain, rough] = [await runGraph(graph, { x }), await runGraph(quantised, { x })];
    const size = Math.max(...(plain.y!.data as Float32Array).map(Math.abs));
    expect(rough.y!.data).toBeAllClose(plain.y!.data as Float32Array, { atol: size / 100 });
  });

  test.each<[string, (b: GraphBuilder) => string]>([
    ['a product of rows within an example', (b) => b.node('Cast', ['x'], { to: int(1) })],
    [
      'arithmetic of bytes, which wraps around',
      (b) => {
        const three = b.constant({ dtype: 'uint8', dims: [], data: Uint8Array.of(3) });
        const wrapped = b.node('Cast', [b.node('Mul', ['x', three])], { to: int(1) });
        return b.node('Reshape', [wrapped, b.int64([-1, 128])]);
      },
    ],
    [
      'their squares',
      (b) => {
        const numbers = b.node('Cast', ['x'], { to: int(1) });
        return b.node('Reshape', [b.node('Mul', [numbers, numbers]), b.int64([-1, 128])]);
      },
    ],
  ])('are rounded as rows in %s', async (_, write) => {
    const b = new GraphBuilder('model');
    b.input({ name: 'x', dtype: 'uint8', dims: ['batch', 2, 64] });
    const numbers = write(b);
    const inner = b.type(numbers).dims.at(-1) as number;
    b.output(b.node('MatMul', [numbers, b.weight('w', uniform(3, [inner, 256]))]), 'y');
    const graph = b.build();
    const quantised = int8Graph(graph, 'model');
    expect(quantised.nodes.map(({ op }) => op)).toContain('QuantizeLinear');
    const x = {
      dtype: 'uint8',
      dims: [3, 2, 64],
      data: Uint8Array.from({ length: 3 * 128 }, (_, i) => (i * 37) % 256),
    } as const;
    const [plain, rough] = [(await runGraph(graph, { x })).y!, (await runGraph(quantised, { x })).y!];
    expect(rough.dims).toEqual(plain.dims);
    const size = Math.max(...(plain.data as Float32Array).map(Math.abs));
    expect(rough.data).toBeAllClose(plain.data as Float32Array, { atol: size / 50 });
  });
});

test('an operator that nothing here knows stands in the graph as it is, and products before it are quantised', async () => {
  const b = new GraphBuilder('model');
  b.input({ name: 'x', dtype: 'float32', dims: ['batch', 128] });
  const hidden = b.node('Gemm', ['x', b.weight('w', uniform(1, [128, 128]))]);
  b.output(b.node('Gemm', [hidden, b.weight('v', uniform(2, [128, 3]))]), 'logits');
  const known = b.build();
  const [first, second] = known.nodes as [(typeof known.nodes)[0], (typeof known.nodes)[0]];
  const selu = { name: 'selu', op: 'Selu', domain: '', inputs: [hidden], outputs: ['activated'], attributes: {} };
  const nodes = [first, selu, { ...second, inputs: ['activated', 'v'] }];
  const model: Graph = { ...known, nodes };
  const options = {
    name: 'model',
    stored: [{ dtype: 'float32', dims: [128] }],
    preprocessing: { kind: 'none' },
    outputs: ['loss'],
  } as const;
  const graph = scoreGraph(model, options);
  const quantised = int8Graph(graph, 'model');
  expect(products(quantised)).toBe(1);
  expect(quantised.nodes.map(({ op }) => op)).toContain('Selu');
  const feeds = {
    x: uniform(3, [6, 128]),
    [labelsInput]: { dtype: 'int32', dims: [6], data: Int32Array.of(0, 1, 2, 0, 1, 2) },
  } as const;
  const [exact, found] = [(await runGraph(graph, feeds)).loss!, (await runGraph(quantised, feeds)).loss!];
  expect(found.data as Float32Array).toBeAllClose(exact.data as Float32Array, { rtol: 0.02, atol: 0.3 });
});
