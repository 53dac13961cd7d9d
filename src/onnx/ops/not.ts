import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const not: Op = { name: 'Not', infer: sameAsInput, execute: executesUnary((tf, x) => tf.logicalNot(x)) };
