import { positiveAxis } from '../dims.ts';
import { reshaped } from '../gradients.ts';
import { listedAxes } from './axes.ts';
import { type Op, required } from './op.ts';

export const squeeze: Op = {
  name: 'Squeeze',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const axes = listedAxes(context)?.map((axis) => positiveAxis(axis, dims.length));
    return [{ dtype, dims: dims.filter((dim, axis) => (axes === undefined ? dim !== 1 : !axes.includes(axis))) }];
  },
  gradient: ({ node, builder, upstream: [dy] }) => [reshaped(builder, dy!, builder.dims(node.inputs[0]!))],
  evaluate(context) {
    const value = context.constant(0);
    const [type] = value === undefined ? [] : squeeze.infer(context);
    return value && type && { ...value, dims: type.dims as readonly number[] };
  },
};
