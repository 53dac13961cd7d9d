import { expect, test } from 'vitest';
import { float32 } from '../../src/core/tensor.ts';
import { productsOverflow } from '../../src/engine/ort/overflow.ts';
import { openSession, toOrt } from '../../src/engine/ort/session.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { writeModel } from '../../src/onnx/model.ts';
import { int8Graph } from '../../src/onnx/quantised/int8.ts';
import { uniform } from '../onnx/models.ts';

test('products that cannot overflow have the same bits as the fast ones, where those do not', async ({ skip }) => {
  skip(await productsOverflow(), 'the fast products of this CPU overflow');
  const b = new GraphBuilder('model');
  b.input({ name: 'x', dtype: 'float32', dims: ['batch', 128] });
  b.output(b.node('MatMul', ['x', b.weight('w', uniform(1, [128, 128]))]), 'y');
  const bytes = writeModel(int8Graph(b.build(), 'model'));
  const x = float32(uniform(2, [40, 128]).data as Float32Array, [40, 128]);
  const results = [];
  for (const exactProducts of [false, true]) {
    const session = await openSession(bytes, { device: 'cpu', threads: 1 }, { spins: false }, { exactProducts });
    results.push((await session.run({ x: toOrt(x) }, { y: null })).y!.data);
    await session.release();
  }
  expect(results[1]).toEqual(results[0]);
  expect(new Set(results[0]! as Float32Array).size).toBeGreaterThan(1000);
});
