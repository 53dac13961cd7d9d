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
  builder.add(evalNode(builder, graph, node));
}

/** A node of `graph` in eval form, as it is written in the operator set of `builder`. */
export function evalNode(builder: GraphBuilder, graph: Graph, node: GraphNode): GraphNode {
  if (isDropout(node))
    return {
      ...node,
      op: 'Identity',
      inputs: node.inputs.slice(0, 1),
      outputs: node.outputs.slice(0, 1),
      attributes: {},
    };
  return isBatchNorm(node) ? inEvalMode(node) : upgraded(builder, graph, node);
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
