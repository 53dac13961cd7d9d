import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const reciprocal: Op = {
  name: 'Reciprocal',
  infer: sameAsInput,
  gradient({ node, builder, upstream: [dy] }) {
    const y = node.outputs[0]!;
    return [builder.node('Neg', [builder.node('Mul', [dy!, builder.node('Mul', [y, y])])])];
  },
  execute: executesUnary((tf, x) => tf.reciprocal(x)),
};
