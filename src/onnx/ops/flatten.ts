import { elementCount } from '../../core/tensor.ts';
import { positiveAxis, productOf } from '../dims.ts';
import { reshaped } from '../gradients.ts';
import { numberAttribute } from '../graph.ts';
import { executesPlain } from './execution.ts';
import { type Op, required } from './op.ts';

export const flatten: Op = {
  name: 'Flatten',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const axis = positiveAxis(numberAttribute(context.node, 'axis', 1), dims.length);
    return [{ dtype, dims: [productOf(dims.slice(0, axis)), productOf(dims.slice(axis))] }];
  },
  gradient: ({ node, builder, upstream: [dy] }) => [reshaped(builder, dy!, builder.dims(node.inputs[0]!))],
  execute: executesPlain((x, { tf, node }) => {
    const axis = positiveAxis(numberAttribute(node, 'axis', 1), x.rank);
    return tf.reshape(x, [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis))]);
  }),
};
