import { comparisonTypes } from './elementwise.ts';
import { executesComparison } from './execution.ts';
import type { Op } from './op.ts';

export const greater: Op = {
  name: 'Greater',
  infer: comparisonTypes,
  execute: executesComparison((tf, a, b) => tf.greater(a, b)),
};
