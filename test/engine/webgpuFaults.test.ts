import { describe, expect, test } from 'vitest';
import { requireRight } from '../../src/engine/ort/webgpuFaults.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { type Graph, int } from '../../src/onnx/graph.ts';
import { uniform } from './../onnx/models.ts';

/** One convolution with `groups` groups of `from` channels that become `to`. */
function conv(op: 'Conv' | 'ConvTranspose', groups: number, from: number, to: number, fed: boolean): Graph {
  const b = new GraphBuilder('convolution');
  const x = b.input({ name: 'x', dtype: 'float32', dims: ['batch', groups * from, 6, 6] });
  const dims = op === 'Conv' ? [groups * to, from, 3, 3] : [groups * from, to, 3, 3];
  const w = fed ? b.input({ name: 'w', dtype: 'float32', dims }) : b.weight('w', uniform(1, dims));
  b.output(b.node(op, [x, w], { group: int(groups) }));
  return b.build();
}

// Each was computed with Mesa's lavapipe and compared with the CPU.
describe.each([true, false])('on WebGPU (weights fed: %s)', (fed) => {
  test.each([
    ['Conv', 2, 1, 5],
    ['Conv', 2, 4, 6],
    ['Conv', 4, 1, 9],
    ['Conv', 8, 3, 6],
    ['ConvTranspose', 2, 4, 1],
    ['ConvTranspose', 8, 6, 1],
  ] as const)('%s with %i groups of %i to %i channels is refused', (op, groups, from, to) => {
    const graph = conv(op, groups, from, to, fed);
    expect(() => requireRight(graph, 'webgpu', 'm.onnx')).toThrow(
      /^Cannot use the device "webgpu" for "m\.onnx": .* pass --device cpu$/,
    );
    expect(() => requireRight(graph, 'cpu', 'm.onnx')).not.toThrow();
  });

  test.each([
    ['Conv', 1, 8, 6],
    ['Conv', 8, 1, 1],
    ['Conv', 3, 1, 9],
    ['Conv', 4, 2, 8],
    ['Conv', 3, 2, 6],
    ['ConvTranspose', 1, 4, 1],
    ['ConvTranspose', 2, 5, 1],
    ['ConvTranspose', 8, 1, 1],
    ['ConvTranspose', 2, 4, 3],
  ] as const)('%s with %i groups of %i to %i channels is taken', (op, groups, from, to) => {
    expect(() => requireRight(conv(op, groups, from, to, fed), 'webgpu', 'm.onnx')).not.toThrow();
  });
});
