import { bytesPerElement } from '../core/tensor.ts';
import { GraphBuilder } from './builder.ts';
import type { Graph, ValueType } from './graph.ts';

/** How much memory the values of a graph take. */
export interface Activation {
  /** The bytes for one example of the largest value whose size is known; sizes other than the batch have to be. */
  readonly bytes: number;
  /** Whether that is all of them. */
  readonly isWhole: boolean;
}

/** The largest value that a graph computes, as far as the shapes of its values are known. */
export function largestActivation(graph: Graph): Activation {
  const builder = new GraphBuilder(graph.name, graph.opsets, graph);
  for (const input of graph.inputs) builder.input(input);
  for (const [name, tensor] of graph.weights) builder.weight(name, tensor);
  for (const node of graph.nodes) builder.addUnchecked(node);
  const values = graph.nodes.flatMap(({ outputs }) => outputs).filter((output) => output !== '');
  const types = values.map((value) => builder.typeOf(value));
  const examples = graph.inputs[0]?.dims[0];
  const sizes = types.map((type) => (type === undefined ? 0 : bytesPerExample(type, examples)));
  return { bytes: Math.max(1, ...sizes), isWhole: types.every((type) => type !== undefined) };
}

function bytesPerExample({ dtype, dims }: ValueType, examples: number | string | undefined): number {
  if (!dims.some((dim) => typeof dim === 'string') && typeof examples === 'string') return 0;
  // `12*batch` is twelve numbers of each example.
  const numbers = dims.map((dim) => (typeof dim === 'number' ? dim : Number.parseInt(dim, 10) || 1));
  const bytes = numbers.reduce((product, size) => product * size, bytesPerElement(dtype));
  return typeof examples === 'number' ? bytes / Math.max(1, examples) : bytes;
}
