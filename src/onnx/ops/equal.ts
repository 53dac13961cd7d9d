import { comparisonTypes } from './elementwise.ts';
import type { Op } from './op.ts';

export const equal: Op = { name: 'Equal', infer: comparisonTypes };
