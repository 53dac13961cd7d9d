import { comparisonTypes } from './elementwise.ts';
import { executesComparison } from './execution.ts';
import type { Op } from './op.ts';

export const lessOrEqual: Op = {
  name: 'LessOrEqual',
  infer: comparisonTypes,
  execute: executesComparison((tf, a, b) => tf.lessEqual(a, b)),
};
