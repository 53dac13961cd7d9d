import { describe, expect, test } from 'vitest';
import { float32, type Tensor } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { runGraph } from './runGraph.ts';

function builderOf(...inputs: readonly string[]): GraphBuilder {
  const builder = new GraphBuilder('built');
  for (const name of inputs) builder.input({ name, dtype: 'float32', dims: [2] });
  return builder;
}

async function outputsOf(builder: GraphBuilder): Promise<Record<string, number[]>> {
  const results = await runGraph(builder.build(), { x: float32([1, 2]) });
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)]));
}

const vector = { dtype: 'float32', dims: [2] } as const;

describe('an output', () => {
  test('bears its own name, though its type is that of an input', async () => {
    const builder = builderOf('x');
    builder.output(builder.node('Neg', ['x'], {}, { outputs: ['negative'] }));
    expect(builder.build().outputs).toEqual([{ name: 'negative', ...vector }]);
    expect(await outputsOf(builder)).toEqual({ negative: [-1, -2] });
  });

  test('under another name takes no node more, whether that comes before or after its uses', async () => {
    const builder = builderOf('x');
    const negative = builder.node('Neg', ['x']);
    const square = builder.node('Mul', [negative, negative]);
    builder.output(negative, 'n');
    builder.output(builder.node('Add', [square, negative]), 'sum');
    builder.output(square, 's');
    const { nodes, outputs } = builder.build();
    expect(nodes.map(({ op, inputs, outputs: made }) => [op, inputs, made])).toEqual([
      ['Neg', ['x'], ['n']],
      ['Mul', ['n', 'n'], ['s']],
      ['Add', ['s', 'n'], ['sum']],
    ]);
    expect(outputs.map(({ name }) => name)).toEqual(['n', 'sum', 's']);
    expect(await outputsOf(builder)).toEqual({ n: [-1, -2], s: [1, 4], sum: [0, 2] });
  });

  test('can be called by several names', async () => {
    const builder = builderOf('x');
    const negative = builder.node('Neg', ['x'], {}, { outputs: ['negative'] });
    builder.output(negative);
    for (const name of ['a', 'b']) builder.output(negative, name);
    const other = builder.node('Relu', ['x']);
    for (const name of ['c', 'd']) builder.output(other, name);
    expect(await outputsOf(builder)).toEqual({ negative: [-1, -2], a: [-1, -2], b: [-1, -2], c: [1, 2], d: [1, 2] });
  });

  test('can be an input or a weight', async () => {
    const builder = builderOf('x');
    builder.output('x', 'same');
    builder.output(builder.weight('w', float32([5, 6])), 'copy');
    expect(await outputsOf(builder)).toEqual({ same: [1, 2], copy: [5, 6] });
  });

  test('cannot have the name of an input, a weight or another output', () => {
    const builder = builderOf('x');
    builder.weight('w', float32([1, 2]));
    builder.output(builder.node('Neg', ['x']), 'out');
    const other = builder.node('Relu', ['x']);
    for (const taken of ['x', 'w', 'out'])
      expect(() => builder.output(other, taken)).toThrow(`The graph computes "${taken}" twice`);
  });

  test('takes its name from a value inside the graph, which gets another', async () => {
    const builder = builderOf('x');
    const inside = builder.node('Neg', ['x'], {}, { outputs: ['taken'] });
    const other = builder.node('Relu', ['x']);
    builder.output(other, 'taken');
    builder.output('x', 'also');
    builder.output(builder.node('Neg', [inside]), 'back');
    const graph = builder.build();
    expect(new Set(graph.nodes.map(({ outputs }) => outputs[0])).size).toBe(4);
    const { taken, also, back } = await runGraph(graph, { x: float32([-1, 2]) });
    expect([taken, also, back].map((value) => [...value!.data])).toEqual([
      [0, 2],
      [-1, 2],
      [-1, 2],
    ]);
  });
});

describe('names made up', () => {
  test('are never those of a value that is there', () => {
    const builder = builderOf('x');
    for (let i = 0; i < 10; i++) builder.node('Neg', ['x'], {}, { outputs: [`rho/Neg_${i}`] });
    const made = Array.from({ length: 10 }, () => builder.node('Neg', ['x']));
    expect(new Set(made).size).toBe(10);
  });

  test('are never those of a graph that is still to be added', () => {
    const source = builderOf('x');
    source.output(source.node('Mul', ['x', source.constant(float32([1, 2]))]), 'y');
    const graph = source.build();
    const derived = new GraphBuilder('derived', graph.opsets, graph);
    derived.input({ name: 'x', ...vector });
    for (let i = 0; i < 5; i++) derived.constant(float32([0]));
    for (const [name, tensor] of graph.weights) derived.weight(name, tensor);
    for (const node of graph.nodes) derived.add(node);
    expect(derived.build().nodes).toEqual(graph.nodes);
  });
});

test('a scalar is one initialiser, however often it is used', () => {
  const builder = builderOf();
  expect(builder.scalar(0.5)).toBe(builder.scalar(0.5));
  expect(builder.scalar(1)).not.toBe(builder.scalar(0.5));
  expect([...builder.build().weights.values()]).toEqual([float32([0.5], []), float32([1], [])]);
});

test('a value with several outputs has a type for each', () => {
  const builder = builderOf('x');
  const node = { name: 'd', op: 'Dropout', domain: '', inputs: ['x'], outputs: ['y', 'mask'], attributes: {} };
  builder.add(node);
  expect([builder.type('y'), builder.type('mask')]).toEqual([vector, { dtype: 'bool', dims: [2] }]);
});

test('the numbers of a weight do not travel with its type', () => {
  const builder = builderOf();
  const weight: Tensor = float32([1, 2]);
  builder.output(builder.node('Relu', [builder.weight('w', weight)], {}, { outputs: ['y'] }));
  expect(builder.build().outputs).toEqual([{ name: 'y', ...vector }]);
  expect(builder.type('w')).toEqual(vector);
});
