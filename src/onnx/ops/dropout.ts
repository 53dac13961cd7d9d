import { plain } from './execution.ts';
import { type Op, required } from './op.ts';

/**
 * Identity, as a model file holds the eval form (ONNX Dropout without training_mode). The training form replaces it by a
 * product with a mask that is fed in.
 */
export const dropout: Op = {
  name: 'Dropout',
  infer(context) {
    const type = required(context, 0);
    return [type, { dtype: 'bool', dims: type.dims }];
  },
  gradient: ({ upstream: [dy] }) => [dy],
  execute({ tf, node, input }) {
    const x = input(0);
    return node.outputs[1] ? [x, plain(tf, tf.ones(x.plain().shape, 'bool'))] : [x];
  },
};
