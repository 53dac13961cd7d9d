import { summedTo } from '../gradients.ts';
import { broadcastTypes } from './elementwise.ts';
import type { Op } from './op.ts';

export const mul: Op = {
  name: 'Mul',
  infer: broadcastTypes,
  gradient({ node, builder, upstream: [dy], wanted }) {
    const [a, b] = node.inputs as [string, string];
    return [
      wanted(0) ? summedTo(builder, builder.node('Mul', [dy!, b]), a) : undefined,
      wanted(1) ? summedTo(builder, builder.node('Mul', [dy!, a]), b) : undefined,
    ];
  },
};
