import { type Op, sameAsInput } from './op.ts';

/** Written into the gradient of Gather; nothing is trained through it. */
export const scatterND: Op = { name: 'ScatterND', infer: sameAsInput };
