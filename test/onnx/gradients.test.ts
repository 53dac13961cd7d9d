import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float32, type Tensor } from '../../src/core/tensor.ts';
import { differentiate } from '../../src/onnx/autodiff.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { float, int } from '../../src/onnx/graph.ts';
import { ops } from '../../src/onnx/ops/index.ts';
import { elementTypeOf } from '../../src/onnx/tensorProto.ts';
import { addCase, binaryCase, feedsOf, type OpCase, randomTensor, trainableCases, whereCase } from './opCases.ts';
import { type OpenGraph, openGraph, runGraph, type Tensors } from './runGraph.ts';

/**
 * How far inputs move, times the -2 … 2 of the line: small enough that the third derivative hardly counts, large enough that
 * the change does not drown in float32 rounding.
 */
const step = 5e-3;

/**
 * Compares the gradient of sum(y r), r fixed, with what the sum really changes by when one input moves along a random line.
 * Sums are in float64, so that the only noise is the rounding of y itself.
 */
async function checkGradient(opCase: OpCase, seed: number, chosen: (name: string) => boolean = () => true) {
  const builder = new GraphBuilder('gradient', { '': opCase.opset });
  const y = addCase(builder, opCase)[0]!;
  const weights = randomTensor(seed, builder.dims(y));
  const feeds = feedsOf(opCase);
  const moved = Object.keys(feeds).filter((name) => feeds[name]!.dtype === 'float32' && chosen(name));
  const gradients = differentiate(builder, weightedSum(builder, y, weights), moved);
  expect([...gradients.keys()]).toEqual(moved);
  builder.output(y);
  for (const [name, gradient] of gradients) builder.output(gradient, `gradient of ${name}`);

  const open = await openGraph(builder.build());
  try {
    const results = await open.run(feeds);
    for (const name of moved) {
      const gradient = results[`gradient of ${name}`]!;
      expect(gradient.dims).toEqual(feeds[name]!.dims);
      await compareAlongLine(open, feeds, name, gradient, { y: results[y]!, output: y, weights }, seed);
    }
  } finally {
    await open.release();
  }
}

interface WeightedOutput {
  readonly output: string;
  readonly y: Tensor;
  readonly weights: Tensor;
}

async function compareAlongLine(
  open: OpenGraph,
  feeds: Tensors,
  name: string,
  gradient: Tensor,
  { output, y, weights }: WeightedOutput,
  seed: number,
) {
  const x = numbers(feeds[name]!);
  const line = numbers(randomTensor(seed + 1, feeds[name]!.dims));
  const shifted = (by: number) =>
    float32(
      Float32Array.from(x, (value, i) => value + by * line[i]!),
      feeds[name]!.dims,
    );
  const [ahead, behind] = [shifted(step), shifted(-step)];
  const run = async (input: Tensor) => numbers((await open.run({ ...feeds, [name]: input }))[output]!);
  const [yAhead, yBehind] = [await run(ahead), await run(behind)];

  const r = numbers(weights);
  const distance = x.map((_, i) => numbers(ahead)[i]! - numbers(behind)[i]!);
  const predicted = numbers(gradient).map((slope, i) => slope * distance[i]!);
  const change = sum(r.map((weight, i) => weight * (yAhead[i]! - yBehind[i]!)));
  // One part in a thousand, and what rounding of y (1e-7) and the third derivative (step³) leave.
  const noise = 2e-6 * sum(numbers(y).map((value, i) => Math.abs(r[i]!) * (1 + Math.abs(value))));
  const allowed = 1e-3 * sum(predicted.map(Math.abs)) + noise;
  expect(Math.abs(change - sum(predicted)), `change by ${name}: ${change}, predicted ${sum(predicted)}`).toBeLessThan(
    allowed,
  );
}

function weightedSum(builder: GraphBuilder, y: string, weights: Tensor): string {
  const single =
    builder.type(y).dtype === 'float32' ? y : builder.node('Cast', [y], { to: int(elementTypeOf('float32')) });
  return builder.node('ReduceSum', [builder.node('Mul', [single, builder.constant(weights)])], { keepdims: int(0) });
}

function numbers(tensor: Tensor): number[] {
  return Array.from(tensor.data, Number);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const trainable = [...ops.values()].filter((op) => op.gradient !== undefined).map((op) => op.name);

test('every operator with a gradient has cases here, and only those', () => {
  expect(Object.keys(trainableCases).sort()).toEqual(trainable.sort());
});

describe('the gradient is what finite differences give', () => {
  for (const [name, cases] of Object.entries(trainableCases)) {
    test(name, async () => {
      await fc.assert(
        fc.asyncProperty(cases, fc.nat(1_000_000), (opCase, seed) => checkGradient(opCase, seed)),
        { numRuns: 50 },
      );
    });
  }
});

describe('and so it is where a model asks for a newer operator set', () => {
  // Reductions have cases of their own for it, and so has a Split into parts whose number stands nowhere else.
  for (const [name, cases] of Object.entries(trainableCases).filter(([name]) => !name.startsWith('Reduce'))) {
    const newer = cases.filter(({ op, inputs }) => op !== 'Split' || inputs.length > 1);
    test(name, async () => {
      await fc.assert(
        fc.asyncProperty(newer, fc.nat(1_000_000), (opCase, seed) => checkGradient({ ...opCase, opset: 22 }, seed)),
        { numRuns: 8 },
      );
    });
  }
});

const broadcasts: readonly (readonly [number[], number[]])[] = [
  [[], []],
  [[], [2, 3]],
  [[2, 3], []],
  [[1], [1]],
  [[3], [2, 3]],
  [[2, 3], [3]],
  [
    [2, 1],
    [2, 3],
  ],
  [
    [2, 3],
    [1, 3],
  ],
  [
    [2, 1],
    [1, 3],
  ],
  [[1, 1], [3]],
  [
    [4, 1, 3],
    [2, 1],
  ],
  [
    [2, 1, 1],
    [4, 2, 3, 1],
  ],
];

describe('the gradient of a broadcast input is summed over the axes that were added or stretched', () => {
  test.each(broadcasts)('%j with %j', async (a, b) => {
    for (const op of ['Add', 'Sub', 'Mul', 'Div']) await checkGradient(binaryCase(op, [a, b], 1), 2);
    await checkGradient(whereCase([a, b, a], 1), 2);
    await checkGradient(whereCase([b, a, b], 1), 2);
    await checkGradient(whereCase([[], a, b], 1), 2);
  });
});

test('gradients of some inputs alone are the same as with all others', async () => {
  for (const name of ['Sub', 'Mul', 'Div', 'Where', 'Gemm', 'MatMul']) {
    await fc.assert(
      fc.asyncProperty(trainableCases[name]!, fc.nat(1_000_000), fc.nat(2), (opCase, seed, only) =>
        checkGradient(opCase, seed, (input) => input === `input ${only}`),
      ),
      { numRuns: 8 },
    );
  }
});

/** The gradient of `loss` of the graph that `write` makes from the inputs, by each of them that has one. */
async function gradientsOf(inputs: Tensors, write: (builder: GraphBuilder) => string): Promise<Tensors> {
  const builder = new GraphBuilder('gradient');
  for (const [name, { dtype, dims }] of Object.entries(inputs)) builder.input({ name, dtype, dims });
  const gradients = differentiate(builder, write(builder), Object.keys(inputs));
  for (const [name, gradient] of gradients) builder.output(gradient, `gradient of ${name}`);
  const results = await runGraph(builder.build(), inputs);
  return Object.fromEntries(Object.keys(inputs).map((name) => [name, results[`gradient of ${name}`]!]));
}

const total = (builder: GraphBuilder, value: string) => builder.node('ReduceSum', [value], { keepdims: int(0) });

describe('on matrices worked out by hand', () => {
  const a = float32([1, 2, 3, 4], [2, 2]);
  const b = float32([5, 6, 7, 8], [2, 2]);
  // The loss 1 y00 + 10 y01 + 100 y10 + 1000 y11 makes the gradient by y this matrix.
  const r = float32([1, 10, 100, 1000], [2, 2]);

  test('MatMul gives R Bᵀ and Aᵀ R', async () => {
    const gradients = await gradientsOf({ a, b }, (builder) =>
      total(builder, builder.node('Mul', [builder.node('MatMul', ['a', 'b']), builder.constant(r)])),
    );
    expect([...gradients.a!.data]).toEqual([1 * 5 + 10 * 6, 1 * 7 + 10 * 8, 100 * 5 + 1000 * 6, 100 * 7 + 1000 * 8]);
    expect([...gradients.b!.data]).toEqual([1 + 3 * 100, 10 + 3 * 1000, 2 + 4 * 100, 2 * 10 + 4 * 1000]);
  });

  test('Gemm gives alpha times the gradient of what it multiplies, as it is stored, and beta times that of the bias', async () => {
    const c = float32([0, 0]);
    const attributes = { transB: int(1), alpha: float(2), beta: float(0.5) };
    const gradients = await gradientsOf({ a, b, c }, (builder) =>
      total(builder, builder.node('Mul', [builder.node('Gemm', ['a', 'b', 'c'], attributes), builder.constant(r)])),
    );
    expect([...gradients.a!.data]).toEqual([2 * (5 + 70), 2 * (6 + 80), 2 * (500 + 7000), 2 * (600 + 8000)]);
    // Rows of B' are columns of Y: Rᵀ A.
    expect([...gradients.b!.data]).toEqual([2 * (1 + 300), 2 * (2 + 400), 2 * (10 + 3000), 2 * (20 + 4000)]);
    expect([...gradients.c!.data]).toEqual([101 / 2, 1010 / 2]);
  });
});

describe('of a whole graph', () => {
  test('a value used several times gets the sum of all gradients', async () => {
    // x² + 3x + x x² has the derivative 2x + 3 + 3x².
    const { x } = await gradientsOf({ x: float32([0, 1, -2]) }, (b) => {
      const square = b.node('Mul', ['x', 'x']);
      const linear = b.node('Mul', ['x', b.scalar(3)]);
      const cube = b.node('Mul', [square, 'x']);
      return total(b, b.node('Add', [b.node('Add', [square, linear]), cube]));
    });
    expect([...x!.data]).toEqual([3, 8, 11]);
  });

  test('what the loss does not depend on has none', async () => {
    const inputs = { x: float32([1, 2]), unused: float32([1]), compared: float32([1, 3]), behind: float32([2, 2]) };
    const gradients = await gradientsOf(inputs, (b) => {
      // A comparison lets nothing through, though its result decides about the loss.
      const same = b.node('Cast', [b.node('Equal', ['x', 'compared'])], { to: int(elementTypeOf('float32')) });
      const loss = total(b, b.node('Mul', ['x', same]));
      b.node('Mul', [loss, 'behind']);
      return loss;
    });
    expect([...gradients.x!.data]).toEqual([1, 0]);
    expect(gradients.unused).toBeUndefined();
    expect(gradients.compared).toBeUndefined();
    expect(gradients.behind).toBeUndefined();
  });

  test('nothing flows through shapes, whatever is made from them', async () => {
    // The mean over two rows, the 2 taken from the shape: as exporters compute attention masks.
    const { x } = await gradientsOf({ x: float32([1, 2], [2, 1]) }, (b) => {
      const rows = b.node('Gather', [b.node('Shape', ['x']), b.int64([0])]);
      const ones = b.node('ConstantOfShape', [rows], { value: { kind: 'tensor', value: float32([1]) } });
      return b.node('Div', [total(b, b.node('Mul', ['x', 'x'])), total(b, ones)]);
    });
    expect([...x!.data]).toEqual([1, 2]);
  });

  test('a loss that depends on no parameter has none', () => {
    const builder = new GraphBuilder('constant');
    builder.input({ name: 'x', dtype: 'float32', dims: [2] });
    expect(differentiate(builder, total(builder, builder.constant(float32([1, 2]))), ['x'])).toEqual(new Map());
  });

  test('Relu passes nothing at 0 and below, and all above', async () => {
    const { x } = await gradientsOf({ x: float32([-1, -0, 0, 1e-20, 1, 1e30]) }, (b) =>
      total(b, b.node('Relu', ['x'])),
    );
    expect([...x!.data]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test('a gradient flows through Cast to float64 and back', async () => {
    const { x } = await gradientsOf({ x: float32([1, -2]) }, (b) => {
      const wide = b.node('Cast', ['x'], { to: int(elementTypeOf('float64')) });
      const kept = b.node('Identity', [wide]);
      const narrow = b.node('Cast', [kept], { to: int(elementTypeOf('float32')) });
      return total(b, b.node('Mul', [narrow, narrow]));
    });
    expect(x!.dtype).toBe('float32');
    expect([...x!.data]).toEqual([2, -4]);
  });
});
