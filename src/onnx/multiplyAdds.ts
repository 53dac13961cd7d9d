import { elementCount } from '../core/tensor.ts';
import { GraphBuilder } from './builder.ts';
import { type Dim, type Graph, type GraphNode, numberAttribute, type ValueType } from './graph.ts';
import { findOp } from './ops/index.ts';

/**
 * About how many multiplications with an addition an example takes on its way through a graph: those of matrix products and
 * convolutions. Where shapes are not known, a product or an operator that nobody here knows counts its weights, each of which
 * it uses once at least.
 */
export function multiplyAdds(graph: Graph): number {
  const builder = new GraphBuilder(graph.name, graph.opsets, graph);
  for (const input of graph.inputs) builder.input(input);
  for (const [name, tensor] of graph.weights) builder.weight(name, tensor);
  for (const node of graph.nodes) builder.addUnchecked(node);
  const examples = graph.inputs[0]?.dims[0];
  const batch = typeof examples === 'number' ? Math.max(1, examples) : 1;

  function ofNode(node: GraphNode): number {
    const terms = termsOf[node.domain === '' ? node.op : ''];
    if (terms === undefined && findOp(node) !== undefined) return 0;
    const [input, factor, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!].map((name) =>
      builder.typeOf(name),
    );
    if (terms === undefined || input === undefined || factor === undefined || output === undefined)
      return node.inputs.reduce((sum, name) => sum + (graph.weights.get(name)?.data.length ?? 0), 0);
    return (numbersIn(terms(node, input, factor)) * numbersIn(output.dims)) / batch;
  }

  return graph.nodes.reduce((sum, node) => sum + ofNode(node), 0);
}

/** The sizes whose product says how many terms each number of a result is the sum of. */
const termsOf: Readonly<Record<string, (node: GraphNode, input: ValueType, factor: ValueType) => readonly Dim[]>> = {
  MatMul: (_, { dims }) => dims.slice(-1),
  Gemm: (node, { dims }) => [dims[numberAttribute(node, 'transA', 0) === 0 ? 1 : 0]!],
  Conv: (_, __, { dims }) => dims.slice(1),
};

/** Of sizes with a name, `12*batch` is twelve numbers of each example. */
function numbersIn(dims: readonly Dim[]): number {
  return elementCount(dims.map((dim) => (typeof dim === 'number' ? dim : Number.parseInt(dim, 10) || 1)));
}
