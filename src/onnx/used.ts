import type { Graph } from './graph.ts';

/** A graph without the nodes and initialisers that none of its outputs needs. */
export function usedPart(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.toReversed().filter((node) => {
    const isUsed = node.outputs.some((output) => needed.has(output));
    if (isUsed) for (const input of node.inputs) needed.add(input);
    return isUsed;
  });
  const weights = new Map([...graph.weights].filter(([name]) => needed.has(name)));
  return { ...graph, nodes: nodes.reverse(), weights };
}
