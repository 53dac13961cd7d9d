import { type Op, sameAsInput } from './op.ts';

/** Written into the gradient of GatherElements; nothing is trained through it. */
export const scatterElements: Op = { name: 'ScatterElements', infer: sameAsInput };
