import { describe, expect, test } from 'vitest';
import { float32 } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { freeBatch } from '../../src/onnx/freeBatch.ts';
import { type Graph, int, ints } from '../../src/onnx/graph.ts';
import { uniform } from './models.ts';
import { runGraph } from './runGraph.ts';

const length = 3;
const width = 4;

/** A model of `x` [batch, length, width], exported for batches of `batch`. */
function exported(batch: number, write: (builder: GraphBuilder) => string): Graph {
  const builder = new GraphBuilder('model');
  builder.input({ name: 'x', dtype: 'float32', dims: [batch, length, width] });
  builder.output(write(builder), 'y');
  return builder.build();
}

/** Attention of two heads as nn.MultiheadAttention has it: the batch lies second, and heads join it. */
function attention(batch: number): Graph {
  return exported(batch, (b) => {
    const shape = (value: string, sizes: readonly number[]) => b.node('Reshape', [value, b.int64(sizes)]);
    const turned = b.node('Transpose', ['x'], { perm: ints([1, 0, 2]) });
    const heads = b.node('Transpose', [shape(turned, [length, batch * 2, width / 2])], { perm: ints([1, 0, 2]) });
    const keys = b.node('Transpose', [heads], { perm: ints([0, 2, 1]) });
    const shares = b.node('Softmax', [b.node('MatMul', [heads, keys])], { axis: int(-1) });
    const context = b.node('Transpose', [b.node('MatMul', [shares, heads])], { perm: ints([1, 0, 2]) });
    const rows = shape(context, [length * batch, width]);
    const product = b.node('Gemm', [rows, b.weight('w', uniform(1, [width, width]))]);
    const back = b.node('Transpose', [shape(product, [length, batch, width])], { perm: ints([1, 0, 2]) });
    return b.node('ReduceMean', [back], { axes: ints([1]), keepdims: int(0) });
  });
}

test.each([2, 4, 5])('joined to heads and to tokens, a batch of %i is freed', async (batch) => {
  const freed = freeBatch(attention(batch), 'model.onnx');
  expect(freed.inputs[0]!.dims).toEqual(['batch', length, width]);
  expect(freed.outputs[0]!.dims).toEqual(['batch', width]);
  for (const size of [1, 2, 3, 7]) {
    const x = uniform(size, [size, length, width]);
    const { y } = await runGraph(freed, { x });
    const { y: expected } = await runGraph(attention(size), { x });
    expect(y!.dims).toEqual([size, width]);
    expect(y!.data as Float32Array).toBeAllClose(expected!.data as Float32Array);
  }
});

describe('a shape to numbers', () => {
  const shaped = (batch: number, sizes: readonly number[]) =>
    exported(batch, (b) => b.node('Reshape', ['x', b.int64(sizes)]));

  test.each<[number, number[], (string | number)[]]>([
    [8, [8, 12], ['batch', 12]],
    [8, [8, -1], ['batch', 12]],
    [8, [-1, 12], ['batch', 12]],
    [8, [0, 12], ['batch', 12]],
    [8, [24, 4], ['3*batch', 4]],
    [8, [8, 3, 2, 2], ['batch', 3, 2, 2]],
    // The sizes of the example are those of the batch.
    [3, [3, 3, 4], ['batch', 3, 4]],
    [4, [4, 3, 4, 1], ['batch', 3, 4, 1]],
    [1, [1, 12], ['batch', 12]],
    [1, [1, 3, 2, 2], ['batch', 3, 2, 2]],
    [1, [3, 4], ['3*batch', 4]],
  ])('of a batch of %i, %j, becomes %j', async (batch, sizes, expected) => {
    const freed = freeBatch(shaped(batch, sizes), 'model.onnx');
    expect(freed.outputs[0]!.dims).toEqual(expected);
    const x = uniform(1, [5, length, width]);
    expect((await runGraph(freed, { x })).y!.data).toEqual(x.data);
  });

  test('that does not keep examples apart is refused', () => {
    expect(() => freeBatch(shaped(4, [6, 8]), 'model.onnx')).toThrow(
      /^Cannot use "model.onnx": it was exported for batches of 4 and cannot be freed of that \(Reshape \(node ".*"\) does not tell where its shape \[6, 8\] holds the batch\); export it with a batch of any size \(dynamic_axes\)$/,
    );
  });

  test('between whose axes a batch of 1 may lie on either side is refused', () => {
    const turned = exported(1, (b) =>
      b.node('Reshape', [b.node('Transpose', ['x'], { perm: ints([1, 0, 2]) }), b.int64([3, 2, 2])]),
    );
    expect(() => freeBatch(turned, 'model.onnx')).toThrow('does not tell where its shape [3, 2, 2] holds the batch');
  });
});

test('Expand leaves the batch alone', async () => {
  const model = exported(4, (b) => {
    const wide = b.node('Expand', [b.node('Unsqueeze', ['x', b.int64([1])]), b.int64([4, 2, 3, 4])]);
    return b.node('ReduceSum', [wide, b.int64([1, 2, 3])], { keepdims: int(0) });
  });
  const x = float32(new Float32Array(24).fill(1), [2, length, width]);
  expect([...(await runGraph(freeBatch(model, 'model.onnx'), { x })).y!.data]).toEqual([24, 24]);
});

test('numbers that hold the batch in a constant are refused by the node that meets them', () => {
  const model = exported(4, (b) =>
    b.node('Add', ['x', b.weight('each', uniform(1, [4, length, width]))], {}, { outputs: ['met'] }),
  );
  expect(() => freeBatch(model, 'model.onnx')).toThrow(
    'cannot be freed of that (Add (node "met") works on a batch of one size)',
  );
});

test('models of any batch, and those with operators that are not known here, are left as they are', () => {
  const free = freeBatch(attention(2), 'model.onnx');
  expect(freeBatch(free, 'model.onnx')).toBe(free);
  const fixed = attention(2);
  const odd = { ...fixed, nodes: [...fixed.nodes, { ...fixed.nodes[0]!, op: 'Celu', outputs: ['odd'] }] };
  expect(freeBatch(odd, 'model.onnx')).toBe(odd);
});
