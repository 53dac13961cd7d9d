import { positiveAxis } from '../dims.ts';
import { reshaped } from '../gradients.ts';
import { listedAxes } from './axes.ts';
import { executesPlain } from './execution.ts';
import { type Op, required } from './op.ts';
import { redressed } from './sizes.ts';

export const squeeze: Op = {
  name: 'Squeeze',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const axes = listedAxes(context)?.map((axis) => positiveAxis(axis, dims.length));
    return [{ dtype, dims: dims.filter((dim, axis) => (axes === undefined ? dim !== 1 : !axes.includes(axis))) }];
  },
  gradient: ({ node, builder, upstream: [dy] }) => [reshaped(builder, dy!, builder.dims(node.inputs[0]!))],
  evaluate: (context) => redressed(context, context.constant(0), squeeze.infer),
  sizes: (context) => redressed(context, context.sizes(0), squeeze.infer),
  execute: executesPlain((x, context) => {
    const axes = listedAxes(context)?.map((axis) => positiveAxis(axis, x.rank));
    const kept = x.shape.filter((size, axis) => (axes === undefined ? size !== 1 : !axes.includes(axis)));
    return context.tf.reshape(x, kept);
  }),
};
