import { elementCount } from '../../core/tensor.ts';
import { expanded } from '../gradients.ts';
import { channelsLast } from './execution.ts';
import { type Op, required } from './op.ts';

export const globalAveragePool: Op = {
  name: 'GlobalAveragePool',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    return [{ dtype, dims: dims.map((dim, axis) => (axis < 2 ? dim : 1)) }];
  },
  gradient({ node, builder, upstream: [dy] }) {
    const dims = builder.dims(node.inputs[0]!);
    const share = builder.node('Mul', [dy!, builder.scalar(1 / elementCount(dims.slice(2)))]);
    return [expanded(builder, share, dims)];
  },
  execute: ({ tf, input }) => {
    const x = input(0).channelsLast();
    const spatial = x.shape.map((_, axis) => axis).slice(1, -1);
    return [channelsLast(tf, tf.mean(x, spatial, true))];
  },
};
