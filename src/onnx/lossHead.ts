import type { GraphBuilder } from './builder.ts';
import { int, ints } from './graph.ts';
import { elementTypeOf } from './tensorProto.ts';

/** What a graph can say of each example. */
export type ExampleOutput = 'loss' | 'predicted' | 'margin' | 'gradientNorm' | 'leastLogit' | 'logitSum';

/** The int32 input that takes the labels, [batch]. */
export const labelsInput = 'rho/labels';

/** Values of the loss head that several outputs are made from. */
export interface LossHead {
  readonly logits: string;
  readonly logProbabilities: string;
  /** Labels as a column, [batch, 1]. */
  readonly column: string;
  /** Cross-entropy of each example, [batch]. */
  readonly loss: string;
}

/**
 * Appends the per-example cross-entropy L[y|x] = -log softmax(logits)[y], reduction none, to `logits` [batch, classes]:
 * LogSoftmax and a gather, which stays on the device with every execution provider. Declares the labels' input.
 */
export function appendLossHead(builder: GraphBuilder, logits: string): LossHead {
  const batch = builder.type(logits).dims[0]!;
  const labels = builder.input({ name: labelsInput, dtype: 'int32', dims: [batch] });
  const column = builder.node('Reshape', [labels, builder.int64([-1, 1])]);
  const logProbabilities = builder.node('LogSoftmax', [logits], { axis: int(1) });
  const chosen = builder.node('GatherElements', [logProbabilities, column], { axis: int(1) });
  const loss = builder.node('Neg', [builder.node('Reshape', [chosen, builder.int64([-1])])]);
  return { logits, logProbabilities, column, loss };
}

/** Adds `wanted` to the outputs of the graph, each [batch] and named as it is. */
export function writeExampleOutputs(builder: GraphBuilder, head: LossHead, wanted: readonly ExampleOutput[]): void {
  for (const output of wanted) builder.output(exampleOutputs[output](builder, head), output);
}

const exampleOutputs: Readonly<Record<ExampleOutput, (builder: GraphBuilder, head: LossHead) => string>> = {
  loss: (_, head) => head.loss,

  /** The class with the largest logit, the first of equals, int32. */
  predicted(b, { logits }) {
    const arg = b.node('ArgMax', [logits], { axis: int(1), keepdims: int(0) });
    return b.node('Cast', [arg], { to: int(elementTypeOf('int32')) });
  },

  /** Probability of the label minus the largest probability among the other classes, -1 … 1. */
  margin(b, { logProbabilities, column }) {
    const probabilities = b.node('Exp', [logProbabilities]);
    const own = b.node('GatherElements', [probabilities, column], { axis: int(1) });
    // In place of the label's probability stands one below all others.
    const others = b.node('ScatterElements', [probabilities, column, b.node('Neg', [own])], { axis: int(1) });
    const margin = b.node('Sub', [own, reducedOverClasses(b, 'ReduceMax', others)]);
    return b.node('Reshape', [margin, b.int64([-1])]);
  },

  /** The smallest of the logits. */
  leastLogit(b, { logits }) {
    const most = reducedOverClasses(b, 'ReduceMax', b.node('Neg', [logits]));
    return b.node('Reshape', [b.node('Neg', [most]), b.int64([-1])]);
  },

  /** The sum of the logits. */
  logitSum: (b, { logits }) => b.node('Reshape', [reducedOverClasses(b, 'ReduceSum', logits), b.int64([-1])]),

  /** ‖softmax - one-hot‖₂, which bounds the gradient's norm by the last layer (Katharopoulos and Fleuret, 2018). */
  gradientNorm(b, { logProbabilities, column }) {
    const probabilities = b.node('Exp', [logProbabilities]);
    const own = b.node('GatherElements', [probabilities, column], { axis: int(1) });
    const residual = b.node('ScatterElements', [probabilities, column, b.node('Sub', [own, b.scalar(1)])], {
      axis: int(1),
    });
    const squares = reducedOverClasses(b, 'ReduceSum', b.node('Mul', [residual, residual]));
    return b.node('Reshape', [b.node('Sqrt', [squares]), b.int64([-1])]);
  },
};

function reducedOverClasses(b: GraphBuilder, op: 'ReduceMax' | 'ReduceSum', value: string): string {
  // Their axes are an input since these opsets.
  return b.opset >= (op === 'ReduceSum' ? 13 : 18)
    ? b.node(op, [value, b.int64([1])], { keepdims: int(1) })
    : b.node(op, [value], { axes: ints([1]), keepdims: int(1) });
}
