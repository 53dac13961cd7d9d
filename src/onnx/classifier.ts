import { closest } from '../core/closest.ts';
import { dataError, usageError } from '../core/errors.ts';
import type { Dtype } from '../core/tensor.ts';
import { reachingTo } from './autodiff.ts';
import type { GraphBuilder } from './builder.ts';
import { describeNode, type Graph, type GraphNode, type ValueType } from './graph.ts';
import type { FeedOptions } from './preprocess.ts';
import { type Closing, findClosing } from './probabilities.ts';

/** Which value of a model holds its logits. */
export interface ClassifierOptions {
  /** Name of an output, or of any value inside; default: the likeliest output, or what a closing Softmax is given. */
  readonly logits?: string | null;
  /** Classes of the data, by which the right one of several outputs may be told. */
  readonly classes?: number;
}

/** The value that holds a model's logits, and the nodes it is computed from. */
export interface Classifier {
  readonly graph: Graph;
  readonly logits: string;
  /** What follows the logits, a closing Softmax say, is left away. */
  readonly nodes: readonly GraphNode[];
  /** What the model makes of them. */
  readonly closing: Closing;
  /** Type of the logits as the file gives it; its sizes are [] where the file does not say. */
  readonly declared: ValueType | undefined;
  /** Whether the value was named. */
  readonly isNamed: boolean;
}

/**
 * Finds the logits of a model: the value that was named, or an output, of several the one called logits, one that a softmax
 * closes, the one of as many classes as the data have, or else the first of shape [batch, classes]; and what a closing Softmax or LogSoftmax is given in place of what it computes. Throws a usage error
 * that lists the closest names where no value is called so.
 */
export function findClassifier(
  graph: Graph,
  name: string,
  { logits = null, classes }: ClassifierOptions = {},
): Classifier {
  const value = logits === null ? likeliestOutput(graph, name, classes) : named(graph, logits, name);
  const { closing, value: found, sameType } = findClosing(graph, value);
  const output = graph.outputs.find((output) => output.name === (sameType ? value : found));
  const needed = reachingTo(graph.nodes, found);
  return {
    graph,
    logits: found,
    nodes: graph.nodes.filter((node) => node.outputs.some((value) => needed.has(value))),
    closing,
    declared: output && { dtype: output.dtype, dims: output.dims },
    isNamed: logits !== null,
  };
}

const fractions: readonly Dtype[] = ['float32', 'float16', 'float64'];

/** Whether numbers of this type may be logits. */
export function isFraction(dtype: Dtype): boolean {
  return fractions.includes(dtype);
}

function likeliestOutput(graph: Graph, name: string, classes?: number): string {
  const { outputs, otherOutputs = [], nodes } = graph;
  const [first] = outputs;
  if (first === undefined) {
    const [other] = otherOutputs;
    if (other === undefined)
      throw dataError(`Cannot use "${name}": it has no output, expected the logits of a classifier`);
    const maker = nodes.find((node) => node.outputs.includes(other));
    throw dataError(
      `Cannot use "${name}": its output "${other}"${maker ? ` by ${describeNode(maker)}` : ''} is no tensor of numbers, expected logits [batch, classes]; name a value that holds them with --logits`,
    );
  }
  const called = outputs.find((output) => /(^|[/.:])logits$/i.test(output.name));
  const closed = outputs.find((output) => findClosing(graph, output.name).closing === 'softmax');
  const rows = outputs.filter(({ dtype, dims }) => isFraction(dtype) && dims.length === 2 && dims[1] !== 1);
  const fitting = rows.find(({ dims }) => dims[1] === classes);
  return (called ?? closed ?? fitting ?? rows[0] ?? outputs.find(({ dtype }) => isFraction(dtype)) ?? first).name;
}

function named(graph: Graph, value: string, name: string): string {
  const computed = graph.nodes.flatMap(({ outputs }) => outputs.filter((output) => output !== ''));
  if (computed.includes(value)) return value;
  const near = closest(value, [...graph.outputs.map((output) => output.name), ...computed]);
  throw usageError(
    `Cannot find --logits "${value}" in "${name}": it computes no value of that name, expected one such as ${near.map((other) => `"${other}"`).join(', ')}`,
  );
}

/**
 * Finds the logits as `findClassifier` does, and throws a data error where the shape that the file gives its output is none
 * of logits: that can be said before an operator is met that nothing here knows.
 */
export function requireClassifier(graph: Graph, name: string): Classifier {
  const classifier = findClassifier(graph, name);
  const { declared, logits } = classifier;
  refuseLabels(classifier, name);
  // No sizes at all: the file may just not give the shape.
  if (declared !== undefined && declared.dims.length !== 0 && declared.dims.length !== 2)
    throw noLogits(logits, declared, name);
  return classifier;
}

/** Throws a data error where a model gives labels; `remedy` says what to do besides exporting it anew. */
export function refuseLabels({ closing }: Classifier, name: string, remedy: string = ''): void {
  if (closing === 'label')
    throw dataError(
      `Cannot use "${name}" as a classifier: it gives the label of the best class (ArgMax) and no logits [batch, classes], ${remedy}export it without ArgMax`,
    );
}

/** Throws a data error where a value is not logits [batch, classes], or of fewer classes than the data have. */
export function requireLogits(builder: GraphBuilder, logits: string, { name, classes: wanted = 2 }: FeedOptions): void {
  const { dtype, dims } = builder.type(logits);
  const classes = dims[1];
  if (dims.length !== 2 || typeof classes !== 'number' || classes < 2 || dtype !== 'float32')
    throw noLogits(logits, { dtype, dims }, name);
  requireClasses(classes, wanted, name);
}

/** Throws a data error where a model knows fewer classes than the data have. */
export function requireClasses(classes: number, wanted: number, name: string): void {
  if (classes < wanted)
    throw dataError(`Cannot use "${name}" on these data: it knows ${classes} classes, the data have ${wanted}`);
}

/** The error that a value is not logits; `hint` says what else can be done. */
export function noLogits(value: string, { dtype, dims }: ValueType, name: string, hint: string = ''): Error {
  return dataError(
    `Cannot use "${name}" as a classifier: "${value}" is ${dtype} [${dims.join(', ')}], expected float32 logits [batch, classes]${hint}`,
  );
}
