import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const abs: Op = {
  name: 'Abs',
  infer: sameAsInput,
  // 0 at 0, as in PyTorch.
  gradient({ node, builder, upstream: [dy] }) {
    return [builder.node('Mul', [dy!, builder.node('Sign', [node.inputs[0]!])])];
  },
  execute: executesUnary((tf, x) => tf.abs(x)),
};
