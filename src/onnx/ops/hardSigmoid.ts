import { type Op, sameAsInput } from './op.ts';

/** Written into gradients as a mask; nothing is trained through it. */
export const hardSigmoid: Op = { name: 'HardSigmoid', infer: sameAsInput };
