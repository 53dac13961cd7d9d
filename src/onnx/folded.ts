import type { GraphBuilder } from './builder.ts';
import type { Graph } from './graph.ts';
import { usedPart } from './used.ts';

/**
 * The graph of a builder in which whatever is known before it runs stands as an initialiser, so that no node computes it: shapes
 * above all, which exporters derive from each other and which are numbers once all sizes are.
 */
export function folded(builder: GraphBuilder): Graph {
  const graph = builder.build();
  const isKnown = (output: string) => output === '' || builder.known(output) !== undefined;
  const isOutput = (name: string) => graph.outputs.some((output) => output.name === name);
  const weights = new Map(graph.weights);
  const nodes = graph.nodes.filter(({ outputs }) => {
    if (!outputs.every(isKnown) || outputs.some(isOutput)) return true;
    for (const output of outputs) if (output !== '') weights.set(output, builder.known(output)!);
    return false;
  });
  return usedPart({ ...graph, nodes, weights });
}
