import fc from 'fast-check';
import type { Dtype } from '../../src/core/tensor.ts';
import { float32, int64 } from '../../src/core/tensor.ts';
import { type Attribute, type Attributes, float, int, ints, string, writtenOpset } from '../../src/onnx/graph.ts';
import { elementTypeOf } from '../../src/onnx/tensorProto.ts';
import { otherLayerCases, trainableLayerCases } from './layerCases.ts';
import {
  absent,
  anywhere,
  call,
  clearOfZero,
  constant,
  type Dims,
  factor,
  fed,
  flag,
  type OpCase,
  positive,
  present,
  type Range,
  randomTensor,
  seed,
  shape,
  size,
  unary,
} from './opCase.ts';

export { addCase, type CaseInput, feedsOf, type OpCase, randomTensor } from './opCase.ts';

/** `count` shapes that broadcast together: each lacks some of the leading axes and has size 1 on some others. */
function broadcastShapes(count: number, maxRank: number): fc.Arbitrary<Dims[]> {
  return shape(0, maxRank).chain((dims) => {
    const rank = dims.length;
    const one = fc
      .tuple(fc.oneof(fc.constant(0), fc.nat(rank)), fc.array(fc.boolean(), { minLength: rank, maxLength: rank }))
      .map(([dropped, ones]) => dims.map((length, axis) => (ones[axis] ? 1 : length)).slice(dropped));
    return fc.array(one, { minLength: count, maxLength: count });
  });
}

/** Fed tensors of shapes that broadcast, batched where they reach the first axis of the result. */
function broadcastInputs(
  shapes: readonly Dims[],
  from: number,
  ranges: readonly Range[],
  dtypes: readonly Dtype[] = [],
) {
  const rank = Math.max(...shapes.map((dims) => dims.length));
  const first = Math.max(...shapes.map((dims) => (dims.length === rank ? (dims[0] ?? 1) : 1)));
  return shapes.map((dims, index) =>
    fed(randomTensor(from + index, dims, ranges[index], dtypes[index]), dims.length === rank && dims[0] === first),
  );
}

/** An element-wise operator of two inputs of these shapes. */
export function binaryCase(op: string, shapes: readonly Dims[], from: number): OpCase {
  return call(op, broadcastInputs(shapes, from, [anywhere, op === 'Div' ? clearOfZero : anywhere]));
}

/** Where with a condition and two values of these shapes. */
export function whereCase(shapes: readonly Dims[], from: number): OpCase {
  return call('Where', broadcastInputs(shapes, from, [anywhere, anywhere, anywhere], ['bool']));
}

/** And and Or. */
function logical(op: string): fc.Arbitrary<OpCase> {
  return fc
    .tuple(broadcastShapes(2, 4), seed)
    .map(([shapes, from]) => call(op, broadcastInputs(shapes, from, [anywhere, anywhere], ['bool', 'bool'])));
}

const not = fc
  .tuple(shape(0, 4), seed)
  .map(([dims, from]) => call('Not', [fed(randomTensor(from, dims, anywhere, 'bool'))]));

export function binary(op: string): fc.Arbitrary<OpCase> {
  return fc.tuple(broadcastShapes(2, 4), seed).map(([shapes, from]) => binaryCase(op, shapes, from));
}

function overOneAxis(op: string): fc.Arbitrary<OpCase> {
  return fc.tuple(shape(1, 4), fc.integer(), fc.boolean(), seed).map(([dims, pick, without, from]) => {
    const axis = axisOf(pick, dims.length);
    return call(op, [fed(randomTensor(from, dims))], { attributes: without ? {} : { axis: int(axis) } });
  });
}

/** An axis from -rank to rank - 1. */
function axisOf(pick: number, rank: number): number {
  return (Math.abs(pick) % (2 * rank)) - rank;
}

const gemm = fc
  .record({ rows: size, inner: size, columns: size, transA: flag, transB: flag, alpha: factor, beta: factor, seed })
  .chain((of) => {
    const { rows, columns } = of;
    return fc.tuple(
      fc.constant(of),
      fc.constantFrom<Dims | undefined>(undefined, [], [1], [columns], [1, columns], [rows, 1], [rows, columns]),
    );
  })
  .map(([{ rows, inner, columns, transA, transB, alpha, beta, seed: from }, bias]) => {
    const transposed = transA?.value === 1;
    const a = randomTensor(from, transposed ? [inner, rows] : [rows, inner]);
    const b = randomTensor(from + 1, transB?.value === 1 ? [columns, inner] : [inner, columns]);
    const c = bias === undefined ? [] : [fed(randomTensor(from + 2, bias), false)];
    const attributes = present({ transA, transB, alpha: scale(alpha), beta: scale(beta) });
    return call('Gemm', [fed(a, !transposed), fed(b, false), ...c], { attributes });
  });

function scale(value: number | undefined): Attribute | undefined {
  return value === undefined ? undefined : float(value);
}

const matmul = fc
  .record({
    rows: fc.option(size, { nil: undefined }),
    inner: size,
    columns: fc.option(size, { nil: undefined }),
    batches: broadcastShapes(2, 2),
    seed,
  })
  .map(({ rows, inner, columns, batches: [left, right], seed: from }) => {
    const a = rows === undefined ? [inner] : [...left!, rows, inner];
    const b = columns === undefined ? [inner] : [...right!, inner, columns];
    const batched = a.length > 1 && a.length >= b.length;
    return call('MatMul', [fed(randomTensor(from, a), batched), fed(randomTensor(from + 1, b), false)]);
  });

const flatten = fc.tuple(shape(0, 4), fc.integer(), fc.boolean(), seed).map(([dims, pick, without, from]) => {
  const rank = dims.length;
  const axis = (Math.abs(pick) % (2 * rank + 1)) - rank;
  const attributes = without && rank > 0 ? {} : { axis: int(axis) };
  return call('Flatten', [fed(randomTensor(from, dims))], { attributes });
});

/** Reshape to a shape that joins neighbouring axes, or adds axes of size 1, written with numbers, 0 and -1. */
const reshape = fc
  .record({
    dims: shape(0, 4),
    joins: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    ones: fc.nat(2),
    rest: fc.nat(8),
    zeros: fc.boolean(),
    seed,
  })
  .map(({ dims, joins, ones, rest, zeros, seed: from }) => {
    const target: number[] = [];
    for (const [axis, length] of dims.entries()) {
      if (axis > 0 && joins[axis]) target.push(target.pop()! * length);
      else target.push(length);
    }
    target.push(...Array.from({ length: ones }, () => 1));
    const written = target.map((length, axis) => {
      if (axis === rest) return -1;
      return zeros && length === dims[axis] ? 0 : length;
    });
    const batched = dims.length > 0 && written[0]! <= 0;
    return call('Reshape', [fed(randomTensor(from, dims), batched), constant(int64(written))]);
  });

const transpose = shape(0, 4)
  .chain((dims) => {
    const axes = dims.map((_, axis) => axis);
    const perm = fc.shuffledSubarray(axes, { minLength: axes.length, maxLength: axes.length });
    return fc.tuple(fc.constant(dims), fc.option(perm, { nil: undefined }), seed);
  })
  .map(([dims, perm, from]) =>
    call('Transpose', [fed(randomTensor(from, dims))], { attributes: present({ perm: perm && ints(perm) }) }),
  );

const expand = fc.tuple(broadcastShapes(2, 4), seed).map(([[dims, wanted], from]) => {
  const named = dims!.length > 0 && dims!.length >= wanted!.length;
  return call('Expand', [fed(randomTensor(from, dims!), named), constant(int64(wanted!))]);
});

/** A reduction; up to opset 17 all but ReduceSum have their axes as an attribute, from 18 on all have them as an input. */
function reduction(op: string): fc.Arbitrary<OpCase> {
  return shape(1, 4)
    .chain((dims) =>
      fc.record({
        dims: fc.constant(dims),
        axes: fc.option(fc.subarray(dims.map((_, axis) => axis)), { nil: undefined }),
        negative: fc.boolean(),
        keepdims: flag,
        noop: flag,
        opset: fc.constantFrom(writtenOpset, 18),
        seed,
      }),
    )
    .map(({ dims, axes, negative, keepdims, noop, opset, seed: from }) => {
      const given = axes?.map((axis) => (negative ? axis - dims.length : axis));
      const data = fed(randomTensor(from, dims));
      if (op === 'ReduceSum' || opset >= 18) {
        const attributes = present({ keepdims, noop_with_empty_axes: noop });
        return call(op, given === undefined ? [data] : [data, constant(int64(given))], { attributes, opset });
      }
      // An empty list of axes is only told from none where it is an input.
      const attributes = present({ keepdims, axes: given?.length ? ints(given) : undefined });
      return call(op, [data], { attributes, opset });
    });
}

const argMax = fc
  .tuple(shape(1, 4), fc.integer(), fc.boolean(), flag, flag, seed)
  .map(([dims, pick, without, keepdims, last, from]) => {
    const axis = without ? undefined : int(axisOf(pick, dims.length));
    const attributes = present({ axis, keepdims, select_last_index: last });
    return call('ArgMax', [fed(randomTensor(from, dims))], { attributes });
  });

/** Data, an axis, and indices into it that repeat: there may be more of them than there are places. */
const gathered = fc
  .record({ dims: shape(1, 3), pick: fc.integer(), count: fc.integer({ min: 1, max: 6 }), wide: fc.boolean(), seed })
  .map(({ dims, pick, count, wide, seed: from }) => {
    const axis = axisOf(pick, dims.length);
    const places = dims.at(axis)!;
    const indexDims = dims.map((length, at) => (at === (axis + dims.length) % dims.length ? count : length));
    const anyPlace: Range = (random) => Math.floor(2 * places * random()) - places;
    const indices = randomTensor(from + 1, indexDims, anyPlace, wide ? 'int64' : 'int32');
    return { data: randomTensor(from, dims), indices, attributes: { axis: int(axis) }, from };
  });

const gatherElements = gathered.map(({ data, indices, attributes }) => {
  const batched = data.dims[0] === indices.dims[0];
  return call('GatherElements', [fed(data, batched), fed(indices, batched)], { attributes });
});

const scatterElements = gathered.map(({ data, indices, attributes, from }) =>
  call('ScatterElements', [fed(data, false), fed(indices, false), fed(randomTensor(from + 2, indices.dims), false)], {
    attributes: { ...attributes, reduction: string('add') },
  }),
);

const dropout = fc
  .record({ dims: shape(0, 4), ratio: fc.boolean(), mode: fc.boolean(), outputs: fc.constantFrom(1, 2), seed })
  .map(({ dims, ratio, mode, outputs, seed: from }) => {
    const half = ratio ? constant(float32([0.5], [])) : absent;
    const off = mode ? [constant({ dtype: 'bool', dims: [], data: Uint8Array.of(0) })] : [];
    return call('Dropout', [fed(randomTensor(from, dims)), half, ...off], { outputs });
  });

const gelu = fc
  .tuple(unary('Gelu'), fc.constantFrom(undefined, string('none'), string('tanh')))
  .map(([of, approximate]): OpCase => ({ ...of, opset: 20, attributes: present({ approximate }) }));

const where = fc.tuple(broadcastShapes(3, 3), seed).map(([shapes, from]) => whereCase(shapes, from));

function cast(...types: readonly Dtype[]): fc.Arbitrary<OpCase> {
  return fc
    .tuple(unary('Cast'), fc.constantFrom(...types))
    .map(([of, to]): OpCase => ({ ...of, attributes: { to: int(elementTypeOf(to)) } }));
}

const shapeOf = fc
  .tuple(unary('Shape'), fc.option(fc.integer({ min: -5, max: 5 })), fc.option(fc.integer({ min: -5, max: 5 })))
  .map(([of, start, end]): OpCase => {
    const [first, last] = [start, end].map((value) => (value === null ? undefined : int(value)));
    return { ...of, attributes: present({ start: first, end: last }) };
  });

const constantNode = fc
  .tuple(shape(0, 3), seed)
  .chain(([dims, from]) =>
    fc.constantFrom<Attributes>(
      { value: { kind: 'tensor', value: randomTensor(from, dims) } },
      { value_int: int(3) },
      { value_ints: ints([3, -1]) },
      { value_float: float(0.5) },
      { value_floats: { kind: 'floats', value: [0.5, 2] } },
    ),
  )
  .map((attributes) => call('Constant', [], { attributes }));

/** Random calls of the operators that can be trained through, away from the places where they have no gradient. */
export const trainableCases: Readonly<Record<string, fc.Arbitrary<OpCase>>> = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  Where: where,
  Neg: unary('Neg'),
  Identity: unary('Identity'),
  Sqrt: unary('Sqrt', positive),
  Exp: unary('Exp'),
  Log: unary('Log', positive),
  Erf: unary('Erf'),
  Relu: unary('Relu', clearOfZero),
  Tanh: unary('Tanh'),
  Sigmoid: unary('Sigmoid'),
  Gelu: gelu,
  Cast: cast('float32', 'float64'),
  Softmax: overOneAxis('Softmax'),
  LogSoftmax: overOneAxis('LogSoftmax'),
  Dropout: dropout,
  Gemm: gemm,
  MatMul: matmul,
  Flatten: flatten,
  Reshape: reshape,
  Transpose: transpose,
  Expand: expand,
  ReduceMean: reduction('ReduceMean'),
  ReduceSum: reduction('ReduceSum'),
  ReduceSumSquare: reduction('ReduceSumSquare'),
  GatherElements: gatherElements,
  ...trainableLayerCases,
};

/** Random calls of every operator. */
export const allCases: Readonly<Record<string, fc.Arbitrary<OpCase>>> = {
  ...trainableCases,
  Cast: cast('float32', 'float64', 'float16', 'int64', 'int32', 'int8', 'uint8', 'bool'),
  Equal: binary('Equal'),
  ...Object.fromEntries(['Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((op) => [op, binary(op)])),
  And: logical('And'),
  Or: logical('Or'),
  Not: not,
  HardSigmoid: unary('HardSigmoid'),
  ReduceMax: reduction('ReduceMax'),
  ArgMax: argMax,
  ScatterElements: scatterElements,
  Shape: shapeOf,
  Constant: constantNode,
  ...otherLayerCases,
};
