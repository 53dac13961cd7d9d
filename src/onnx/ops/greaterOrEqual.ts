import { comparisonTypes } from './elementwise.ts';
import { executesComparison } from './execution.ts';
import type { Op } from './op.ts';

export const greaterOrEqual: Op = {
  name: 'GreaterOrEqual',
  infer: comparisonTypes,
  execute: executesComparison((tf, a, b) => tf.greaterEqual(a, b)),
};
