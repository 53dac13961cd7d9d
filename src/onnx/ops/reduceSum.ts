import type { Op } from './op.ts';
import { executesReduction, reductionTypes, spreadGradient } from './reduce.ts';

export const reduceSum: Op = {
  name: 'ReduceSum',
  infer: reductionTypes,
  gradient: ({ node, builder, upstream: [dy] }) => [spreadGradient(builder, node, dy!)],
  execute: executesReduction((tf, x, axes) => tf.sum(x, axes, true)),
};
