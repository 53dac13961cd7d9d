import { bytesPerElement } from '../core/tensor.ts';
import { GraphBuilder } from './builder.ts';
import type { Graph, ValueType } from './graph.ts';

/** The bytes for one example of the largest value that a graph computes; sizes other than the batch have to be known. */
export function largestActivation(graph: Graph): number {
  const builder = new GraphBuilder(graph.name, graph.opsets, graph);
  for (const input of graph.inputs) builder.input(input);
  for (const [name, tensor] of graph.weights) builder.weight(name, tensor);
  for (const node of graph.nodes) builder.add(node);
  const values = graph.nodes.flatMap(({ outputs }) => outputs).filter((output) => output !== '');
  return values.reduce((most, value) => Math.max(most, bytesPerExample(builder.type(value))), 0);
}

function bytesPerExample({ dtype, dims }: ValueType): number {
  if (!dims.some((dim) => typeof dim === 'string')) return 0;
  // `12*batch` is twelve numbers of each example.
  const numbers = dims.map((dim) => (typeof dim === 'number' ? dim : Number.parseInt(dim, 10) || 1));
  return numbers.reduce((product, size) => product * size, bytesPerElement(dtype));
}
