import { type Op, sameAsInput } from './op.ts';

export const erf: Op = {
  name: 'Erf',
  infer: sameAsInput,
  // d erf(x) / dx = 2 / sqrt(pi) exp(-x^2)
  gradient({ node, builder, upstream: [dy] }) {
    const x = node.inputs[0]!;
    const bell = builder.node('Exp', [builder.node('Neg', [builder.node('Mul', [x, x])])]);
    return [builder.node('Mul', [dy!, builder.node('Mul', [bell, builder.scalar(2 / Math.sqrt(Math.PI))])])];
  },
};
