import { numberAttribute } from '../graph.ts';
import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** Written into gradients as a mask; nothing is trained through it. */
export const hardSigmoid: Op = {
  name: 'HardSigmoid',
  infer: sameAsInput,
  execute: executesUnary((tf, x, { node }) => {
    const line = tf.add(tf.mul(x, numberAttribute(node, 'alpha', 0.2)), numberAttribute(node, 'beta', 0.5));
    return tf.clipByValue(line, 0, 1);
  }),
};
