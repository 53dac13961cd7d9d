import { dataError } from '../core/errors.ts';
import { reachingTo } from './autodiff.ts';
import type { GraphBuilder } from './builder.ts';
import type { Graph, GraphNode } from './graph.ts';

/** The value that holds a model's logits, and the nodes it is computed from. */
export interface Classifier {
  readonly graph: Graph;
  readonly logits: string;
  /** What follows the logits, a closing Softmax say, is left away. */
  readonly nodes: readonly GraphNode[];
}

/** Finds the logits of a model: its first output, or what a closing Softmax or LogSoftmax is given. */
export function findClassifier(graph: Graph, name: string): Classifier {
  const output = graph.outputs[0];
  if (output === undefined)
    throw dataError(`Cannot use "${name}": it has no output, expected the logits of a classifier`);
  const producer = graph.nodes.find((node) => node.outputs.includes(output.name));
  const softened = producer?.op === 'Softmax' || producer?.op === 'LogSoftmax';
  const logits = softened ? producer.inputs[0]! : output.name;
  const needed = reachingTo(graph.nodes, logits);
  return { graph, logits, nodes: graph.nodes.filter((node) => node.outputs.some((value) => needed.has(value))) };
}

/** The number of classes; throws a data error that says what the value is where it is not logits [batch, classes]. */
export function classCount(builder: GraphBuilder, logits: string, name: string): number {
  const { dtype, dims } = builder.type(logits);
  const classes = dims[1];
  if (dims.length !== 2 || typeof classes !== 'number' || classes < 2 || dtype !== 'float32')
    throw dataError(
      `Cannot use "${name}" as a classifier: "${logits}" is ${dtype} [${dims.join(', ')}], expected float32 logits [batch, classes]`,
    );
  return classes;
}
