import { summedTo } from '../gradients.ts';
import { broadcastTypes } from './elementwise.ts';
import { executesElementwise } from './execution.ts';
import type { Op } from './op.ts';
import { combinedSizes, ofNumbers } from './sizes.ts';

export const sub: Op = {
  name: 'Sub',
  infer: broadcastTypes,
  sizes: (context) =>
    combinedSizes(
      context,
      ofNumbers((a, b) => a - b),
    ),
  gradient: ({ node, builder, upstream: [dy], wanted }) => [
    summedTo(builder, dy!, node.inputs[0]!),
    wanted(1) ? builder.node('Neg', [summedTo(builder, dy!, node.inputs[1]!)]) : undefined,
  ],
  execute: executesElementwise((tf, [a, b]) => tf.sub(a!, b!)),
};
