import type { Op } from './op.ts';
import { reductionTypes } from './reduce.ts';

/** Used in loss heads; nothing is trained through it. */
export const reduceMax: Op = { name: 'ReduceMax', infer: reductionTypes };
