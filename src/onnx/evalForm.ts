import { addObservingBatchNorm, type NextAverages } from './batchNorm.ts';
import type { GraphBuilder } from './builder.ts';
import type { Classifier } from './classifier.ts';
import type { Graph, GraphNode } from './graph.ts';
import { upgraded } from './upgrade.ts';

/** Adds the nodes of a model in eval form. */
export function addEvalForm(builder: GraphBuilder, { graph, nodes }: Classifier): void {
  for (const node of nodes) addEvalNode(builder, graph, node);
}

/** Adds them so that running averages move towards the batch that is scored; those are returned. */
export function addObservingForm(builder: GraphBuilder, { graph, nodes }: Classifier): NextAverages {
  const averages: NextAverages = new Map();
  for (const node of nodes) {
    if (isBatchNorm(node)) addObservingBatchNorm(builder, inEvalMode(node), averages);
    else addEvalNode(builder, graph, node);
  }
  return averages;
}

/**
 * Adds one of them, even if the file says that it is in training mode: a Dropout passes everything, and a BatchNormalization
 * uses its running statistics.
 */
export function addEvalNode(builder: GraphBuilder, graph: Graph, node: GraphNode): void {
  const [output] = node.outputs as [string];
  if (isDropout(node)) builder.node('Identity', [node.inputs[0]!], {}, { outputs: [output] });
  else if (isBatchNorm(node)) builder.add(inEvalMode(node));
  else builder.add(upgraded(builder, graph, node));
}

function inEvalMode(node: GraphNode): GraphNode {
  const { training_mode, ...attributes } = node.attributes;
  return { ...node, outputs: node.outputs.slice(0, 1), attributes };
}

export function isDropout(node: GraphNode): boolean {
  return node.op === 'Dropout' && node.domain === '';
}

export function isBatchNorm(node: GraphNode): boolean {
  return node.op === 'BatchNormalization' && node.domain === '';
}
