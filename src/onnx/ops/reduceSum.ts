import type { Op } from './op.ts';
import { reductionTypes, spreadGradient } from './reduce.ts';

export const reduceSum: Op = {
  name: 'ReduceSum',
  infer: reductionTypes,
  gradient: ({ node, builder, upstream: [dy] }) => [spreadGradient(builder, node, dy!)],
};
