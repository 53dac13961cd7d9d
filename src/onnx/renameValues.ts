import type { Graph } from './graph.ts';

/** A graph with its values called otherwise, inputs, outputs and weights among them; '' stays what is left out. */
export function renameValues(graph: Graph, rename: (name: string) => string): Graph {
  const renamed = (name: string) => (name === '' ? name : rename(name));
  const called = <T extends { readonly name: string }>(value: T): T => ({ ...value, name: renamed(value.name) });
  return {
    ...graph,
    inputs: graph.inputs.map(called),
    outputs: graph.outputs.map(called),
    weights: new Map([...graph.weights].map(([name, tensor]) => [renamed(name), tensor])),
    nodes: graph.nodes.map((node) => ({
      ...called(node),
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
    })),
  };
}
