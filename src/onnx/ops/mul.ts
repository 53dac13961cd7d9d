import { summedTo } from '../gradients.ts';
import { broadcastTypes } from './elementwise.ts';
import { executesElementwise } from './execution.ts';
import type { Op } from './op.ts';
import { combinedSizes, times } from './sizes.ts';

export const mul: Op = {
  name: 'Mul',
  infer: broadcastTypes,
  sizes: (context) => combinedSizes(context, times),
  gradient({ node, builder, upstream: [dy], wanted }) {
    const [a, b] = node.inputs as [string, string];
    return [
      wanted(0) ? summedTo(builder, builder.node('Mul', [dy!, b]), a) : undefined,
      wanted(1) ? summedTo(builder, builder.node('Mul', [dy!, a]), b) : undefined,
    ];
  },
  execute: executesElementwise((tf, [a, b]) => tf.mul(a!, b!)),
};
