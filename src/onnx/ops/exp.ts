import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const exp: Op = {
  name: 'Exp',
  infer: sameAsInput,
  gradient: ({ node, builder, upstream: [dy] }) => [builder.node('Mul', [dy!, node.outputs[0]!])],
  execute: executesUnary((tf, x) => tf.exp(x)),
};
