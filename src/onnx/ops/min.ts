import { executesExtremum, extremumGradient, extremumTypes } from './extremum.ts';
import type { Op } from './op.ts';

export const min: Op = {
  name: 'Min',
  infer: extremumTypes,
  gradient: extremumGradient,
  execute: executesExtremum((tf, a, b) => tf.minimum(a, b)),
};
