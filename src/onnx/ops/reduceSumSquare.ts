import type { Op } from './op.ts';
import { executesReduction, reductionTypes, spreadGradient } from './reduce.ts';

export const reduceSumSquare: Op = {
  name: 'ReduceSumSquare',
  infer: reductionTypes,
  gradient({ node, builder, upstream: [dy] }) {
    const doubled = builder.node('Mul', [node.inputs[0]!, builder.scalar(2)]);
    return [builder.node('Mul', [spreadGradient(builder, node, dy!), doubled])];
  },
  execute: executesReduction((tf, x, axes) => tf.sum(tf.mul(x, x), axes, true)),
};
