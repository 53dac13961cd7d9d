import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const neg: Op = {
  name: 'Neg',
  infer: sameAsInput,
  gradient: ({ builder, upstream: [dy] }) => [builder.node('Neg', [dy!])],
  execute: executesUnary((tf, x) => tf.neg(x)),
};
