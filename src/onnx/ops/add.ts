import { summedTo } from '../gradients.ts';
import { broadcastTypes } from './elementwise.ts';
import { executesElementwise } from './execution.ts';
import type { Op } from './op.ts';
import { combinedSizes, ofNumbers } from './sizes.ts';

export const add: Op = {
  name: 'Add',
  infer: broadcastTypes,
  sizes: (context) =>
    combinedSizes(
      context,
      ofNumbers((a, b) => a + b),
    ),
  gradient: ({ node, builder, upstream: [dy] }) => node.inputs.map((input) => summedTo(builder, dy!, input)),
  execute: executesElementwise((tf, [a, b]) => tf.add(a!, b!)),
};
