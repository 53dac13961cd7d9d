import { dataError } from '../core/errors.ts';
import { reachingTo } from './autodiff.ts';
import type { GraphBuilder } from './builder.ts';
import type { Graph, GraphNode, ValueType } from './graph.ts';

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

/**
 * Finds the logits as `findClassifier` does, and throws a data error where the shape that the file gives its output is none
 * of logits: that can be said before an operator is met that nothing here knows.
 */
export function requireClassifier(graph: Graph, name: string): Classifier {
  const classifier = findClassifier(graph, name);
  const output = graph.outputs[0]!;
  // No sizes at all: the file may just not give the shape.
  if (output.dims.length !== 0 && output.dims.length !== 2) throw noLogits(output.name, output, name);
  return classifier;
}

/** The number of classes; throws a data error that says what the value is where it is not logits [batch, classes]. */
export function classCount(builder: GraphBuilder, logits: string, name: string): number {
  const { dtype, dims } = builder.type(logits);
  const classes = dims[1];
  if (dims.length !== 2 || typeof classes !== 'number' || classes < 2 || dtype !== 'float32')
    throw noLogits(logits, { dtype, dims }, name);
  return classes;
}

function noLogits(value: string, { dtype, dims }: ValueType, name: string): Error {
  return dataError(
    `Cannot use "${name}" as a classifier: "${value}" is ${dtype} [${dims.join(', ')}], expected float32 logits [batch, classes]`,
  );
}
