import { summedTo } from '../gradients.ts';
import { broadcastTypes } from './elementwise.ts';
import type { Op } from './op.ts';

export const sub: Op = {
  name: 'Sub',
  infer: broadcastTypes,
  gradient: ({ node, builder, upstream: [dy], wanted }) => [
    summedTo(builder, dy!, node.inputs[0]!),
    wanted(1) ? builder.node('Neg', [summedTo(builder, dy!, node.inputs[1]!)]) : undefined,
  ],
};
