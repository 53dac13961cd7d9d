import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const log: Op = {
  name: 'Log',
  infer: sameAsInput,
  gradient: ({ node, builder, upstream: [dy] }) => [builder.node('Div', [dy!, node.inputs[0]!])],
  execute: executesUnary((tf, x) => tf.log(x)),
};
