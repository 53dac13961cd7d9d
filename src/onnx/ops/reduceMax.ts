import type { Op } from './op.ts';
import { executesReduction, reductionTypes } from './reduce.ts';

/** Used in loss heads; nothing is trained through it. */
export const reduceMax: Op = {
  name: 'ReduceMax',
  infer: reductionTypes,
  execute: executesReduction((tf, x, axes) => tf.max(x, axes, true)),
};
