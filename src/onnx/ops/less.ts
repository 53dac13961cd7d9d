import { comparisonTypes } from './elementwise.ts';
import { executesComparison } from './execution.ts';
import type { Op } from './op.ts';

export const less: Op = {
  name: 'Less',
  infer: comparisonTypes,
  execute: executesComparison((tf, a, b) => tf.less(a, b)),
};
