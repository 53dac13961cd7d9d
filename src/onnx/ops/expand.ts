import { dataError } from '../../core/errors.ts';
import { broadcastDims } from '../dims.ts';
import { summedTo } from '../gradients.ts';
import { describeNode } from '../graph.ts';
import { type Op, required } from './op.ts';

export const expand: Op = {
  name: 'Expand',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const wanted = context.constant(1);
    if (wanted === undefined)
      throw dataError(`${describeNode(context.node)} computes its shape while it runs, expected a constant`);
    return [{ dtype, dims: broadcastDims(dims, Array.from(wanted.data, Number), describeNode(context.node)) }];
  },
  gradient: ({ node, builder, upstream: [dy] }) => [summedTo(builder, dy!, node.inputs[0]!)],
};
