import { dataError } from '../core/errors.ts';
import { reachingTo } from './autodiff.ts';
import type { GraphBuilder } from './builder.ts';
import { type Graph, type GraphNode, numberAttribute, type ValueType } from './graph.ts';
import type { FeedOptions } from './preprocess.ts';

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
  const logits = logitsBehind(graph, output.name);
  const needed = reachingTo(graph.nodes, logits);
  return { graph, logits, nodes: graph.nodes.filter((node) => node.outputs.some((value) => needed.has(value))) };
}

/** The input of a Softmax or LogSoftmax over the classes that `value` is the result of, unchanged; else `value` itself. */
function logitsBehind(graph: Graph, value: string): string {
  const producer = (output: string) => graph.nodes.find((node) => node.domain === '' && node.outputs[0] === output);
  let node = producer(value);
  while (node !== undefined && ['Identity', 'Dropout', 'Cast'].includes(node.op)) node = producer(node.inputs[0]!);
  const softens = node?.op === 'Softmax' || node?.op === 'LogSoftmax';
  return softens && [1, -1].includes(numberAttribute(node!, 'axis', -1)) ? node!.inputs[0]! : value;
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

/** Throws a data error where a value is not logits [batch, classes], or of fewer classes than the data have. */
export function requireLogits(builder: GraphBuilder, logits: string, { name, classes: wanted = 2 }: FeedOptions): void {
  const { dtype, dims } = builder.type(logits);
  const classes = dims[1];
  if (dims.length !== 2 || typeof classes !== 'number' || classes < 2 || dtype !== 'float32')
    throw noLogits(logits, { dtype, dims }, name);
  if (classes < wanted)
    throw dataError(`Cannot use "${name}" on these data: it knows ${classes} classes, the data have ${wanted}`);
}

function noLogits(value: string, { dtype, dims }: ValueType, name: string): Error {
  return dataError(
    `Cannot use "${name}" as a classifier: "${value}" is ${dtype} [${dims.join(', ')}], expected float32 logits [batch, classes]`,
  );
}
