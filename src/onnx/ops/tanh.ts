import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const tanh: Op = {
  name: 'Tanh',
  infer: sameAsInput,
  gradient({ node, builder, upstream: [dy] }) {
    const y = node.outputs[0]!;
    const slope = builder.node('Sub', [builder.scalar(1), builder.node('Mul', [y, y])]);
    return [builder.node('Mul', [dy!, slope])];
  },
  execute: executesUnary((tf, x) => tf.tanh(x)),
};
