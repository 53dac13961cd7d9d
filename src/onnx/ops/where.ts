import { broadcastDims } from '../dims.ts';
import { summedTo } from '../gradients.ts';
import { describeNode } from '../graph.ts';
import { type Op, required } from './op.ts';

export const where: Op = {
  name: 'Where',
  infer(context) {
    const [condition, a, b] = [0, 1, 2].map((index) => required(context, index));
    const what = describeNode(context.node);
    return [{ dtype: a!.dtype, dims: broadcastDims(condition!.dims, broadcastDims(a!.dims, b!.dims, what), what) }];
  },
  gradient({ node, builder, upstream: [dy], wanted }) {
    const [condition, a, b] = node.inputs as [string, string, string];
    const zero = builder.scalar(0);
    return [
      undefined,
      wanted(1) ? summedTo(builder, builder.node('Where', [condition, dy!, zero]), a) : undefined,
      wanted(2) ? summedTo(builder, builder.node('Where', [condition, zero, dy!]), b) : undefined,
    ];
  },
};
