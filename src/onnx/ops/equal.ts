import { comparisonTypes } from './elementwise.ts';
import { executesComparison } from './execution.ts';
import type { Op } from './op.ts';
import { combinedSizes } from './sizes.ts';

export const equal: Op = {
  name: 'Equal',
  infer: comparisonTypes,
  // Exporters compare shapes with -1, which no size is, named or not.
  evaluate(context) {
    const same = combinedSizes(context, (a, b) => (typeof a === typeof b ? Number(a === b) : 0));
    return same && { dtype: 'bool', dims: same.dims, data: Uint8Array.from(same.values, Number) };
  },
  execute: executesComparison((tf, a, b) => tf.equal(a, b)),
};
