import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const sqrt: Op = {
  name: 'Sqrt',
  infer: sameAsInput,
  gradient({ node, builder, upstream: [dy] }) {
    const half = builder.node('Mul', [dy!, builder.scalar(0.5)]);
    return [builder.node('Div', [half, node.outputs[0]!])];
  },
  execute: executesUnary((tf, x) => tf.sqrt(x)),
};
