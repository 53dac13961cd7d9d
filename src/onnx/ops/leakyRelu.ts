import { numberAttribute } from '../graph.ts';
import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** x above 0, alpha x below (ONNX LeakyRelu; alpha .01 by default, as PyTorch's negative_slope). */
export const leakyRelu: Op = {
  name: 'LeakyRelu',
  infer: sameAsInput,
  gradient({ node, builder, upstream: [dy] }) {
    const above = builder.node('Greater', [node.inputs[0]!, builder.scalar(0)]);
    const below = builder.node('Mul', [dy!, builder.scalar(numberAttribute(node, 'alpha', 0.01))]);
    return [builder.node('Where', [above, dy!, below])];
  },
  execute: executesUnary((tf, x, { node }) => tf.leakyRelu(x, numberAttribute(node, 'alpha', 0.01))),
};
