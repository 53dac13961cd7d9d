import { positiveAxis } from '../dims.ts';
import { summed } from '../gradients.ts';
import { numberAttribute } from '../graph.ts';
import { alongLast, executesPlain } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** Softmax over one axis (ONNX Softmax, opset 13). */
export const softmax: Op = {
  name: 'Softmax',
  infer: sameAsInput,
  // dx = y (dy - sum(dy y))
  gradient({ node, builder, upstream: [dy] }) {
    const y = node.outputs[0]!;
    const axis = positiveAxis(numberAttribute(node, 'axis', -1), builder.type(y).dims.length);
    const weighted = builder.node('Mul', [dy!, y]);
    return [builder.node('Sub', [weighted, builder.node('Mul', [y, summed(builder, weighted, [axis], true)])])];
  },
  execute: executesPlain((x, { tf, node }) => {
    const axis = positiveAxis(numberAttribute(node, 'axis', -1), x.rank);
    return alongLast(tf, x, axis, (last) => tf.softmax(last));
  }),
};
