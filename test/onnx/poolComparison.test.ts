import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { int, ints } from '../../src/onnx/graph.ts';
import { findOp } from '../../src/onnx/ops/index.ts';
import { windowOf } from '../../src/onnx/ops/slidingWindow.ts';
import { maxPoolGradient } from '../../src/onnx/poolComparison.ts';
import { randomTensor } from './opCase.ts';
import { runGraph } from './runGraph.ts';

const axis = fc.record({
  size: fc.integer({ min: 5, max: 9 }),
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  pads: fc.constantFrom([0, 0], [1, 0], [0, 1], [1, 1]),
});
const pools = fc.record({
  axes: fc.array(axis, { minLength: 1, maxLength: 2 }),
  ceil: fc.boolean(),
  // Few different numbers, so that windows have several greatest cells.
  levels: fc.constantFrom(3, 1000),
  seed: fc.nat(),
});

test('the gradient of max pooling by comparing is the one by the positions of the winners', async () => {
  await fc.assert(
    fc.asyncProperty(pools, async ({ axes, ceil, levels, seed }) => {
      // More padding than half a kernel is no pooling to ONNX Runtime.
      const padded = axes.map(({ kernel, pads }) => (kernel === 1 ? [0, 0] : pads));
      const b = new GraphBuilder('pool');
      const dims = [2, 3, ...axes.map(({ size }) => size)];
      const x = b.input({ name: 'x', dtype: 'float32', dims });
      const y = b.node('MaxPool', [x], {
        kernel_shape: ints(axes.map(({ kernel }) => kernel)),
        strides: ints(axes.map(({ stride }) => stride)),
        dilations: ints(axes.map(({ dilation }) => dilation)),
        pads: ints([0, 1].flatMap((end) => padded.map((pads) => pads[end]!))),
        ceil_mode: int(ceil ? 1 : 0),
      });
      const dy = b.input({ name: 'dy', dtype: 'float32', dims: b.dims(y) });
      const node = b.steps[0]!.nodes[0]!;
      const [byPosition] = findOp(node)!.gradient!({ node, builder: b, upstream: [dy] } as never);
      const slide = windowOf(node, dims.slice(2));
      b.output(byPosition!, 'expected');
      b.output(maxPoolGradient(b, [x, y, dy], slide), 'found');
      const random = randomTensor(seed, dims);
      const values = (random.data as Float32Array).map((value) => Math.round(value * levels) / levels);
      const { expected, found } = await runGraph(b.build(), {
        x: { ...random, data: values },
        dy: randomTensor(seed + 1, b.dims(y)),
      });
      expect(found!.data as Float32Array).toBeAllClose(expected!.data as Float32Array, { rtol: 1e-6, atol: 1e-6 });
    }),
    { numRuns: 60 },
  );
});
