import { executesUnary, withoutGradient } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** Written into the gradient of Abs; nothing is trained through it. */
export const sign: Op = {
  name: 'Sign',
  infer: sameAsInput,
  execute: executesUnary((tf, x) => withoutGradient(tf, [x], tf.sign)),
};
