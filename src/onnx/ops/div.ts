import { summedTo } from '../gradients.ts';
import { broadcastTypes } from './elementwise.ts';
import { executesElementwise } from './execution.ts';
import type { Op } from './op.ts';
import { combinedSizes, over } from './sizes.ts';

export const div: Op = {
  name: 'Div',
  infer: broadcastTypes,
  sizes: (context) => combinedSizes(context, over),
  gradient({ node, builder, upstream: [dy], wanted }) {
    const [a, b] = node.inputs as [string, string];
    const overB = builder.node('Div', [dy!, b]);
    const byB = () => builder.node('Neg', [builder.node('Mul', [overB, node.outputs[0]!])]);
    return [summedTo(builder, overB, a), wanted(1) ? summedTo(builder, byB(), b) : undefined];
  },
  execute: executesElementwise((tf, [a, b]) => tf.div(a!, b!)),
};
