import { broadcastTypes } from './elementwise.ts';
import { executesElementwise } from './execution.ts';
import type { Op } from './op.ts';

export const or: Op = {
  name: 'Or',
  infer: broadcastTypes,
  execute: executesElementwise((tf, [a, b]) => tf.logicalOr(a!, b!)),
};
