import { positiveAxis } from '../dims.ts';
import { reshaped } from '../gradients.ts';
import { listedAxes } from './axes.ts';
import { type Op, required } from './op.ts';

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
  evaluate(context) {
    const value = context.constant(0);
    const [type] = value === undefined ? [] : unsqueeze.infer(context);
    return value && type && { ...value, dims: type.dims as readonly number[] };
  },
};
