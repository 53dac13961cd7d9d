import { positiveAxis } from '../dims.ts';
import { reshaped } from '../gradients.ts';
import { listedAxes } from './axes.ts';
import { executesPlain } from './execution.ts';
import { type Op, required } from './op.ts';
import { redressed } from './sizes.ts';

export const unsqueeze: Op = {
  name: 'Unsqueeze',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const axes = listedAxes(context) ?? [];
    const rank = dims.length + axes.length;
    const added = axes.map((axis) => positiveAxis(axis, rank));
    const old = [...dims];
    return [{ dtype, dims: Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : old.shift()!)) }];
  },
  gradient: ({ node, builder, upstream: [dy] }) => [reshaped(builder, dy!, builder.dims(node.inputs[0]!))],
  evaluate: (context) => redressed(context, context.constant(0), unsqueeze.infer),
  sizes: (context) => redressed(context, context.sizes(0), unsqueeze.infer),
  execute: executesPlain((x, context) => {
    const axes = listedAxes(context) ?? [];
    const rank = x.rank + axes.length;
    const added = axes.map((axis) => positiveAxis(axis, rank));
    const old = [...x.shape];
    return context.tf.reshape(
      x,
      Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : old.shift()!)),
    );
  }),
};
