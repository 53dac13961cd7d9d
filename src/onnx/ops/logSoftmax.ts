import { positiveAxis } from '../dims.ts';
import { summed } from '../gradients.ts';
import { numberAttribute } from '../graph.ts';
import { alongLast, executesPlain } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** log(softmax) over one axis, computed stably (ONNX LogSoftmax, opset 13). */
export const logSoftmax: Op = {
  name: 'LogSoftmax',
  infer: sameAsInput,
  // dx = dy - softmax(x) sum(dy)
  gradient({ node, builder, upstream: [dy] }) {
    const y = node.outputs[0]!;
    const axis = positiveAxis(numberAttribute(node, 'axis', -1), builder.type(y).dims.length);
    const total = summed(builder, dy!, [axis], true);
    return [builder.node('Sub', [dy!, builder.node('Mul', [builder.node('Exp', [y]), total])])];
  },
  execute: executesPlain((x, { tf, node }) => {
    const axis = positiveAxis(numberAttribute(node, 'axis', -1), x.rank);
    return alongLast(tf, x, axis, (last) => tf.logSoftmax(last));
  }),
};
