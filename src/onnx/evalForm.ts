import type { GraphBuilder } from './builder.ts';
import type { Classifier } from './classifier.ts';
import type { Graph, GraphNode } from './graph.ts';
import { upgraded } from './upgrade.ts';

/** Adds the nodes of a model in eval form. */
export function addEvalForm(builder: GraphBuilder, { graph, nodes }: Classifier): void {
  for (const node of nodes) addEvalNode(builder, graph, node);
}

/** Adds one of them: a Dropout passes everything, even if the file says that it is in training mode. */
export function addEvalNode(builder: GraphBuilder, graph: Graph, node: GraphNode): void {
  if (isDropout(node)) builder.node('Identity', [node.inputs[0]!], {}, { outputs: [node.outputs[0]!] });
  else builder.add(upgraded(builder, graph, node));
}

export function isDropout(node: GraphNode): boolean {
  return node.op === 'Dropout' && node.domain === '';
}
