import { summedTo } from '../gradients.ts';
import { broadcastTypes } from './elementwise.ts';
import type { Op } from './op.ts';

export const add: Op = {
  name: 'Add',
  infer: broadcastTypes,
  gradient: ({ node, builder, upstream: [dy] }) => node.inputs.map((input) => summedTo(builder, dy!, input)),
};
