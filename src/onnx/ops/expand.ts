import { dataError } from '../../core/errors.ts';
import { broadcastDims } from '../dims.ts';
import { summedTo } from '../gradients.ts';
import { describeNode } from '../graph.ts';
import { broadcast, executesPlain } from './execution.ts';
import { type Op, required } from './op.ts';
import { listedSizes } from './sizes.ts';

export const expand: Op = {
  name: 'Expand',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const wanted = listedSizes(context, 1);
    if (wanted === undefined)
      throw dataError(`${describeNode(context.node)} computes its shape while it runs, expected a constant`);
    return [{ dtype, dims: broadcastDims(dims, wanted, describeNode(context.node)) }];
  },
  gradient: ({ node, builder, upstream: [dy] }) => [summedTo(builder, dy!, node.inputs[0]!)],
  execute: executesPlain((x, { tf, node, constant }) => {
    const wanted = Array.from(constant(1)!.data, Number);
    return broadcast(tf, x, broadcastDims(x.shape, wanted, describeNode(node)) as number[]);
  }),
};
