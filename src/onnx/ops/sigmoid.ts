import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const sigmoid: Op = {
  name: 'Sigmoid',
  infer: sameAsInput,
  gradient({ node, builder, upstream: [dy] }) {
    const y = node.outputs[0]!;
    const slope = builder.node('Mul', [y, builder.node('Sub', [builder.scalar(1), y])]);
    return [builder.node('Mul', [dy!, slope])];
  },
  execute: executesUnary((tf, x) => tf.sigmoid(x)),
};
