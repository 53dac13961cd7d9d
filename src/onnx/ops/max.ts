import { executesExtremum, extremumGradient, extremumTypes } from './extremum.ts';
import type { Op } from './op.ts';

export const max: Op = {
  name: 'Max',
  infer: extremumTypes,
  gradient: extremumGradient,
  execute: executesExtremum((tf, a, b) => tf.maximum(a, b)),
};
