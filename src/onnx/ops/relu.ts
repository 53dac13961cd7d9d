import { float } from '../graph.ts';
import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

export const relu: Op = {
  name: 'Relu',
  infer: sameAsInput,
  // A HardSigmoid this steep is 0 at 0 and 1 above it: a mask in one pass, faster than Where(Greater).
  gradient({ node, builder, upstream: [dy] }) {
    const mask = builder.node('HardSigmoid', [node.outputs[0]!], { alpha: float(1e30), beta: float(0) });
    return [builder.node('Mul', [dy!, mask])];
  },
  execute: executesUnary((tf, x) => tf.relu(x)),
};
