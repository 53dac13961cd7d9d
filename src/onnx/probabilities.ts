import type { Tensor } from '../core/tensor.ts';
import { type Graph, type GraphNode, intsAttribute, numberAttribute, writtenOpset } from './graph.ts';

/**
 * What a model makes of its logits: nothing that is known, probabilities of which one class is right, probabilities of each
 * class by itself, or the label of the best class.
 */
export type Closing = 'none' | 'softmax' | 'sigmoid' | 'label';

/** The value in front of what closes a model. */
export interface BehindClosing {
  readonly closing: Closing;
  readonly value: string;
  /** Whether it is known to have the type of the value it was asked of. */
  readonly sameType: boolean;
}

/** Operators that leave the order of classes, and what they are, alone. */
const passing: readonly string[] = [
  ...['Identity', 'Dropout', 'Cast'],
  // As quantisers and cautious exporters write behind a Softmax.
  ...['QuantizeLinear', 'DequantizeLinear', 'Clip'],
];
/** Operators that leave sizes of 1 out, as behind a Softmax over [batch, classes, 1, 1]. */
const reshaping: readonly string[] = ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'];

/** The operators by what they compute, of ONNX's own set. */
type Producers = (value: string) => GraphNode | undefined;

/**
 * What closes a model at `value`, and the logits behind that: the input of a Softmax or LogSoftmax over the classes, or of the
 * exponential where one is written out as exp(z) / sum(exp(z)); of a Sigmoid; or what an ArgMax chooses from. `value` itself
 * where there is nothing of that kind.
 */
export function findClosing(graph: Graph, value: string): BehindClosing {
  const producers: Producers = (output) =>
    graph.nodes.find((node) => node.domain === '' && node.outputs.includes(output));
  const { node, ops } = through(producers, value);
  const isReshaped = ops.some((op) => reshaping.includes(op));
  const sameType = !isReshaped && !ops.includes('Cast');
  const behind = isReshaped ? softenedImage(graph, node) : softened(graph, producers, node);
  if (behind !== undefined) return { closing: 'softmax', value: behind, sameType };
  if (node?.op === 'Sigmoid') return { closing: 'sigmoid', value: node.inputs[0]!, sameType };
  if (node?.op === 'ArgMax') {
    const chosen = findClosing(graph, node.inputs[0]!);
    return { closing: 'label', value: chosen.value, sameType: false };
  }
  return { closing: 'none', value, sameType: true };
}

/** The first node on the way back from `value` that changes the numbers, and the operators that were passed. */
function through(producers: Producers, value: string) {
  const ops: string[] = [];
  let node = producers(value);
  while (node !== undefined && (passing.includes(node.op) || reshaping.includes(node.op))) {
    ops.push(node.op);
    node = producers(node.inputs[0]!);
  }
  return { node, ops };
}

/** What `node` makes probabilities of, or their logarithms; undefined where it makes none. */
function softened(graph: Graph, producers: Producers, node: GraphNode | undefined): string | undefined {
  if (node?.op === 'Log') return softened(graph, producers, producers(node.inputs[0]!));
  if (node?.op === 'Softmax' || node?.op === 'LogSoftmax')
    return isOverClasses([numberAttribute(node, 'axis', -1)]) ? node.inputs[0] : undefined;
  if (node?.op !== 'Div') return undefined;
  const [above, below] = node.inputs.map(producers);
  const sums =
    below?.op === 'ReduceSum' &&
    below.inputs[0] === node.inputs[0] &&
    numberAttribute(below, 'keepdims', 1) === 1 &&
    isOverClasses(intsAttribute(below, 'axes') ?? numbersIn(graph, producers, below.inputs[1]));
  return above?.op === 'Exp' && sums ? above.inputs[0] : undefined;
}

/** What a Softmax over axis 1 makes probabilities of, where the result loses sizes of 1. */
function softenedImage({ opsets }: Graph, node: GraphNode | undefined): string | undefined {
  const isSoftmax = node?.op === 'Softmax' || node?.op === 'LogSoftmax';
  // Before opset 13 the axis is 1 where none is given.
  const usual = (opsets[''] ?? writtenOpset) < 13 ? 1 : -1;
  return isSoftmax && numberAttribute(node, 'axis', usual) === 1 ? node.inputs[0] : undefined;
}

function isOverClasses(axes: readonly number[]): boolean {
  return axes.length === 1 && [1, -1].includes(axes[0]!);
}

/** The numbers of an initialiser or a Constant. */
function numbersIn({ weights }: Graph, producers: Producers, value = ''): readonly number[] {
  const constant = producers(value)?.attributes.value;
  const tensor: Tensor | undefined = weights.get(value) ?? (constant?.kind === 'tensor' ? constant.value : undefined);
  return tensor === undefined ? [] : Array.from(tensor.data, Number);
}
