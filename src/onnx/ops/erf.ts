import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** log(2 / sqrt(pi)) */
const logFactor = 0.12078223763524522;

export const erf: Op = {
  name: 'Erf',
  infer: sameAsInput,
  // d erf(x) / dx = 2 / sqrt(pi) exp(-x^2), the factor inside the exponent: a pass over memory less.
  gradient({ node, builder, upstream: [dy] }) {
    const x = node.inputs[0]!;
    const exponent = builder.node('Sub', [builder.scalar(logFactor), builder.node('Mul', [x, x])]);
    return [builder.node('Mul', [dy!, builder.node('Exp', [exponent])])];
  },
  execute: executesUnary((tf, x) => tf.erf(x)),
};
