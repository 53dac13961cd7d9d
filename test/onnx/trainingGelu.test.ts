import { describe, expect, test } from 'vitest';
import { float32 } from '../../src/core/tensor.ts';
import { differentiate } from '../../src/onnx/autodiff.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { findClassifier } from '../../src/onnx/classifier.ts';
import { type Graph, int } from '../../src/onnx/graph.ts';
import { addTrainingForm } from '../../src/onnx/trainingForm.ts';
import { findGelus } from '../../src/onnx/trainingGelu.ts';
import { modelOf } from './models.ts';
import { runGraph } from './runGraph.ts';

/** A model of x (1 + erf(x / divisor)) half, as PyTorch exports it. */
function gelu(divisor = Math.SQRT2, half = 0.5, more: (b: GraphBuilder, values: string[]) => void = () => {}): Graph {
  return modelOf(4, (b) => {
    const number = (value: number) =>
      b.node('Constant', [], { value: { kind: 'tensor', value: float32([value], []) } });
    const scaled = b.node('Div', ['x', number(divisor)]);
    const erf = b.node('Erf', [scaled]);
    const above = b.node('Add', [erf, number(1)]);
    const product = b.node('Mul', ['x', above]);
    more(b, [scaled, erf, above, product]);
    return b.node('Mul', [product, number(half)], {}, { outputs: ['y'] });
  });
}

function found(graph: Graph): number {
  return new Set(findGelus(graph, graph.nodes).values()).size;
}

test('the five nodes of a GELU are found, and no other five', () => {
  expect(findGelus(gelu(), gelu().nodes).size).toBe(5);
  expect(found(gelu(Math.fround(Math.SQRT2)))).toBe(1);
  expect(found(gelu(2))).toBe(0);
  expect(found(gelu(Math.SQRT2, 1))).toBe(0);
});

test.each([0, 1, 2, 3])('a GELU whose inner value %i is used elsewhere too is left alone', (index) => {
  expect(found(gelu(Math.SQRT2, 0.5, (b, values) => b.node('Neg', [values[index]!])))).toBe(0);
  const kept = gelu(Math.SQRT2, 0.5, (b, values) => b.output(values[index]!));
  expect(found(kept)).toBe(0);
});

describe('in training form', () => {
  const x = float32([-6, -1.5, -0.1, 0, 0.1, 1, 3, 8], [2, 4]);

  /** Values and the gradient of their sum, the model's nodes added by `add`. */
  async function valuesOf(add: (b: GraphBuilder, graph: Graph) => void) {
    const b = new GraphBuilder('derived');
    b.input({ name: 'x', dtype: 'float32', dims: [2, 4] });
    add(b, gelu());
    const sum = b.node('ReduceSum', ['y'], { keepdims: int(0) });
    b.output(differentiate(b, sum, ['x']).get('x')!, 'slope');
    b.output('y');
    const { y, slope } = await runGraph(b.build(), { x });
    return { y: y!.data as Float32Array, slope: slope!.data as Float32Array };
  }

  test('it has the values and the slopes that its nodes have one by one', async () => {
    const one = await valuesOf((b, graph) => {
      for (const node of graph.nodes) b.add(node);
    });
    const training = await valuesOf((b, graph) => addTrainingForm(b, findClassifier(graph, 'gelu.onnx')));
    expect(training.y).toBeAllClose(one.y, { rtol: 1e-6, atol: 1e-7 });
    expect(training.slope).toBeAllClose(one.slope, { rtol: 1e-6, atol: 1e-7 });
    // Φ(1) + φ(1), and 1/2 at 0.
    expect(training.slope[5]).toBeCloseTo(0.8413447 + 0.2419707, 6);
    expect(training.slope[3]).toBe(0.5);
  });
});
