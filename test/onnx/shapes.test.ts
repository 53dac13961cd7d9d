import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float32, int64, type Tensor } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { type Dim, int, ints } from '../../src/onnx/graph.ts';
import { ops } from '../../src/onnx/ops/index.ts';
import { elementTypeOf } from '../../src/onnx/tensorProto.ts';
import { addCase, allCases, feedsOf, type OpCase } from './opCases.ts';
import { runGraph } from './runGraph.ts';

/** The number that a size stands for: `3*batch`, say. */
function sizeOf(dim: Dim, batch: number | undefined): number {
  if (typeof dim === 'number') return dim;
  return dim.split('*').reduce((product, factor) => product * (factor === 'batch' ? batch! : Number(factor)), 1);
}

async function checkTypes(opCase: OpCase, batch?: string) {
  const builder = new GraphBuilder('shapes', { '': opCase.opset });
  const outputs = addCase(builder, opCase, batch);
  for (const output of outputs) builder.output(output);
  const results = await runGraph(builder.build(), feedsOf(opCase));
  const batched = opCase.inputs.find((input) => input.kind === 'fed' && input.batched);
  const batchSize = batched?.kind === 'fed' ? batched.tensor.dims[0] : undefined;
  for (const output of outputs) {
    const { dtype, dims } = builder.type(output);
    const found = results[output]!;
    expect({ dtype, dims: dims.map((dim) => sizeOf(dim, batchSize)) }).toEqual({
      dtype: found.dtype,
      dims: [...found.dims],
    });
    const known = builder.known(output);
    if (known !== undefined) expect(known).toEqual({ ...found, dims: [...found.dims] });
  }
}

test('every operator has cases here', () => {
  expect(Object.keys(allCases).sort()).toEqual([...ops.keys()].sort());
});

describe('types known before the graph runs are those that ONNX Runtime gives', () => {
  for (const [name, cases] of Object.entries(allCases)) {
    test(name, () =>
      fc.assert(
        fc.asyncProperty(cases, (opCase) => checkTypes(opCase)),
        { numRuns: 40 },
      ),
    );
  }
});

describe('and so they are where the batch has a name', () => {
  for (const [name, cases] of Object.entries(allCases)) {
    const batched = cases.filter(({ inputs }) => inputs.some((input) => input.kind === 'fed' && input.batched));
    if (['Constant', 'ConstantOfShape', 'Range', 'ScatterElements', 'ScatterND'].includes(name)) continue;
    test(name, () =>
      fc.assert(
        fc.asyncProperty(batched, (opCase) => checkTypes(opCase, 'batch')),
        { numRuns: 40 },
      ),
    );
  }
});

function graphOf(inputs: Readonly<Record<string, readonly Dim[]>>): GraphBuilder {
  const builder = new GraphBuilder('shapes');
  for (const [name, dims] of Object.entries(inputs)) builder.input({ name, dtype: 'float32', dims });
  return builder;
}

describe('a size with a name', () => {
  const target = (builder: GraphBuilder, sizes: readonly number[]) =>
    builder.type(builder.node('Reshape', ['x', builder.int64(sizes)])).dims;

  test('is kept, or becomes a factor of what it is joined with', () => {
    const builder = graphOf({ x: ['batch', 4, 6] });
    expect(target(builder, [0, -1])).toEqual(['batch', 24]);
    expect(target(builder, [-1, 24])).toEqual(['batch', 24]);
    expect(target(builder, [-1, 6])).toEqual(['4*batch', 6]);
    expect(target(builder, [-1, 48])).toEqual(['0.5*batch', 48]);
    expect(target(builder, [-1])).toEqual(['24*batch']);
    expect(target(builder, [0, 4, 2, -1])).toEqual(['batch', 4, 2, 3]);
    expect(builder.type(builder.node('Flatten', ['x'])).dims).toEqual(['batch', 24]);
  });

  test('comes back where a joined axis is split again', () => {
    const builder = graphOf({ x: ['batch', 4, 6] });
    const joined = builder.node('Reshape', ['x', builder.int64([-1, 6])]);
    expect(builder.type(builder.node('Reshape', [joined, builder.int64([-1, 4, 6])])).dims).toEqual(['batch', 4, 6]);
  });

  test('is the size beside it in a broadcast, unless that is 1', () => {
    const builder = graphOf({ x: ['batch', 3], one: [1, 3], two: [2, 3] });
    expect(builder.type(builder.node('Add', ['x', 'one'])).dims).toEqual(['batch', 3]);
    expect(builder.type(builder.node('Add', ['one', 'x'])).dims).toEqual(['batch', 3]);
    expect(builder.type(builder.node('Add', ['x', 'two'])).dims).toEqual([2, 3]);
  });
});

test('what is cut from the beginning to a size with a name has that size', () => {
  const builder = graphOf({ x: ['batch', 'tokens'], table: [9, 4] });
  const zero = builder.int64([0]);
  const end = builder.node('Shape', ['x'], { start: int(1) });
  expect(builder.type(builder.node('Slice', ['table', zero, end, zero])).dims).toEqual(['tokens', 4]);
  expect(
    builder.type(builder.node('Slice', ['table', zero, end, builder.int64([-1]), builder.int64([1])])).dims,
  ).toEqual([9, 'tokens']);
  const refused = 'computes where to cut while it runs';
  expect(() => builder.node('Slice', ['table', builder.int64([1]), end, zero])).toThrow(refused);
  expect(() => builder.node('Slice', ['table', zero, end, zero, builder.int64([2])])).toThrow(refused);
});

describe('values known before the graph runs', () => {
  const known = (builder: GraphBuilder, value: string) => builder.known(value);

  test('come from Shape where the sizes it takes are numbers', () => {
    const builder = graphOf({ x: ['batch', 3, 4] });
    expect(known(builder, builder.node('Shape', ['x']))).toBeUndefined();
    expect(known(builder, builder.node('Shape', ['x'], { start: int(1) }))).toEqual(int64([3, 4]));
    expect(known(builder, builder.node('Shape', ['x'], { start: int(-1) }))).toEqual(int64([4]));
    expect(known(builder, builder.node('Shape', ['x'], { start: int(-2), end: int(-1) }))).toEqual(int64([3]));
    expect(known(builder, builder.node('Shape', ['x'], { end: int(0) }))).toEqual(int64([]));
  });

  test('pass through Identity, Cast and Reshape to an operator that needs them', () => {
    const builder = graphOf({ x: ['batch', 12], like: [2, 3, 4] });
    const sizes = builder.node('Shape', ['like'], { start: int(1) });
    const whole = builder.node('Cast', [sizes], { to: int(elementTypeOf('int64')) });
    const column = builder.node('Reshape', [whole, builder.int64([2, 1])]);
    const flat = builder.node('Identity', [builder.node('Reshape', [column, builder.int64([-1])])]);
    expect(known(builder, column)).toEqual(int64([3, 4], [2, 1]));
    expect(builder.type(builder.node('Expand', [builder.scalar(1), flat])).dims).toEqual([3, 4]);
  });

  test('come from Constant nodes of every kind', () => {
    const builder = graphOf({});
    const tensor: Tensor = { dtype: 'int32', dims: [1, 2], data: Int32Array.of(5, 6) };
    expect(known(builder, builder.node('Constant', [], { value: { kind: 'tensor', value: tensor } }))).toEqual(tensor);
    expect(known(builder, builder.node('Constant', [], { value_int: int(4) }))).toEqual(int64([4], []));
    expect(known(builder, builder.node('Constant', [], { value_ints: ints([4, 5]) }))).toEqual(int64([4, 5]));
    expect(() => builder.node('Constant', [], { value_string: { kind: 'string', value: 'a' } })).toThrow(
      'holds a kind of value that is not supported, expected numbers',
    );
  });

  test('leave out weights, which are long', () => {
    const builder = graphOf({});
    expect(known(builder, builder.weight('short', float32(new Float32Array(64))))).toBeDefined();
    expect(known(builder, builder.weight('long', float32(new Float32Array(65))))).toBeUndefined();
  });
});

describe('shapes that exporters compute where the batch has a name', () => {
  const of = (builder: GraphBuilder, values: readonly string[]) =>
    builder.type(builder.node('Reshape', ['x', builder.node('Concat', [...values], { axis: int(0) })])).dims;
  const size = (builder: GraphBuilder, axis: number) =>
    builder.node('Gather', [builder.node('Shape', ['x']), builder.int64([axis])]);

  test('have that name in them', () => {
    const builder = graphOf({ x: ['batch', 4, 6] });
    const [batch, four] = [size(builder, 0), size(builder, 1)];
    expect(of(builder, [batch, builder.int64([-1])])).toEqual(['batch', 24]);
    expect(of(builder, [builder.int64([-1]), four, builder.int64([2])])).toEqual(['3*batch', 4, 2]);
    // Heads join the batch, and part from it again.
    const joined = builder.node('Mul', [batch, builder.int64([2])]);
    expect(of(builder, [joined, builder.int64([2, 6])])).toEqual(['2*batch', 2, 6]);
    expect(of(builder, [builder.node('Div', [joined, builder.int64([2])]), builder.int64([24])])).toEqual([
      'batch',
      24,
    ]);
    const scalar = builder.node('Squeeze', [batch, builder.int64([0])]);
    const list = builder.node('Unsqueeze', [scalar, builder.int64([0])]);
    const cast = builder.node('Cast', [list], { to: int(elementTypeOf('int64')) });
    expect(of(builder, [cast, builder.int64([24])])).toEqual(['batch', 24]);
    const ends = builder.node('Slice', [builder.node('Shape', ['x']), builder.int64([0]), builder.int64([2])]);
    expect(of(builder, [ends, builder.int64([6, 1])])).toEqual(['batch', 4, 6, 1]);
  });

  test('keep what -1 stands for, as expand() of PyTorch is exported', () => {
    const builder = graphOf({ x: ['batch', 1, 6] });
    const wanted = builder.node('Concat', [size(builder, 0), builder.int64([4, -1])], { axis: int(0) });
    const ones = builder.node('ConstantOfShape', [builder.int64([3])], {
      value: { kind: 'tensor', value: int64([1]) },
    });
    const minus = builder.node('Mul', [ones, builder.int64([-1])]);
    const sizes = builder.node('Where', [builder.node('Equal', [wanted, minus]), ones, wanted]);
    expect(builder.type(builder.node('Expand', ['x', sizes])).dims).toEqual(['batch', 4, 6]);
  });

  test('are the numbers themselves where all sizes are known', () => {
    const builder = graphOf({ x: [8, 4, 6] });
    expect(builder.known(builder.node('Mul', [size(builder, 0), builder.int64([3])]))).toEqual(int64([24]));
    const range = builder.node(
      'Range',
      [0, 6, 2].map((bound) => builder.constant(int64([bound], []))),
    );
    expect(builder.known(range)).toEqual(int64([0, 2, 4]));
  });

  test('are cut where a slice takes all of the axis with a name', () => {
    const builder = graphOf({ x: ['batch', 4, 6] });
    const cut = (start: number, end: number) =>
      builder.type(
        builder.node('Slice', [
          'x',
          ...[
            [start, 1],
            [end, 3],
            [0, 1],
          ].map((list) => builder.int64(list)),
        ]),
      ).dims;
    expect(cut(0, 2 ** 31 - 1)).toEqual(['batch', 2, 6]);
    expect(() => cut(1, 2 ** 31 - 1)).toThrow('cuts along an axis of unknown size "batch"');
    expect(() => cut(0, 5)).toThrow('cuts along an axis of unknown size "batch"');
  });

  test('fit only what they are made from', () => {
    const builder = graphOf({ x: ['batch', 4, 6], y: ['other', 4] });
    const other = builder.node('Gather', [builder.node('Shape', ['y']), builder.int64([0])]);
    expect(() => of(builder, [other, builder.int64([-1])])).toThrow('cannot turn [batch, 4, 6] into [other, -1]');
  });
});

describe('an error that names the node', () => {
  const builder = () => graphOf({ x: ['batch', 4, 6], y: [5, 5], scalar: [] });
  const shapeless = (b: GraphBuilder) => b.input({ name: 'sizes', dtype: 'int64', dims: [2] });

  test.each<[string, (b: GraphBuilder) => unknown]>([
    ['Cannot broadcast [batch, 4, 6] with [5, 5] in Add', (b) => b.node('Add', ['x', 'y'])],
    ['multiplies 6 columns by 5 rows', (b) => b.node('MatMul', ['x', 'y'])],
    ['takes vectors or matrices, found a scalar', (b) => b.node('MatMul', ['scalar', 'y'])],
    ['takes matrices, found [batch, 4, 6] and [5, 5]', (b) => b.node('Gemm', ['x', 'y'])],
    ['cannot turn [5, 5] into [-1, 3]', (b) => b.node('Reshape', ['y', b.int64([-1, 3])])],
    ['cannot turn [5, 5] into [5, 6]', (b) => b.node('Reshape', ['y', b.int64([5, 6])])],
    ['cannot turn [batch, 4, 6] into [1, 24]', (b) => b.node('Reshape', ['x', b.int64([1, 24])])],
    ['computes its shape while it runs', (b) => b.node('Reshape', ['y', shapeless(b)])],
    ['computes its shape while it runs', (b) => b.node('Expand', ['scalar', shapeless(b)])],
    ['computes its axes while it runs', (b) => b.node('ReduceSum', ['y', shapeless(b)])],
    ['the operator is not supported, docs/ops.md lists those that are: Abs, Add', (b) => b.node('Celu', ['x'])],
    ['uses "nothing", which nothing before it computes', (b) => b.node('Neg', ['nothing'])],
    ['computes "y" twice', (b) => b.node('Neg', ['x'], {}, { outputs: ['y'] })],
    ['has to be known to train', (b) => b.dims('x')],
  ])('%s', (message, write) => {
    expect(() => write(builder())).toThrow(
      expect.objectContaining({ kind: 'data', message: expect.stringContaining(message) }),
    );
  });

  test('an operator of another domain is not the one of that name', () => {
    const node = { name: 'mine', op: 'Add', domain: 'com.example', inputs: ['x', 'x'], outputs: ['z'], attributes: {} };
    expect(() => builder().add(node)).toThrow('Cannot derive a graph through Add (node "mine")');
  });
});
