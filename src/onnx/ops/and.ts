import { broadcastTypes } from './elementwise.ts';
import { executesElementwise } from './execution.ts';
import type { Op } from './op.ts';

export const and: Op = {
  name: 'And',
  infer: broadcastTypes,
  execute: executesElementwise((tf, [a, b]) => tf.logicalAnd(a!, b!)),
};
