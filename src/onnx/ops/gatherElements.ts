import { positiveAxis } from '../dims.ts';
import { zerosOf } from '../gradients.ts';
import { int, numberAttribute, string } from '../graph.ts';
import { plain } from './execution.ts';
import { type Op, required } from './op.ts';
import { flatPositions, gatherRows } from './tfGather.ts';

export const gatherElements: Op = {
  name: 'GatherElements',
  infer: (context) => [{ dtype: required(context, 0).dtype, dims: required(context, 1).dims }],
  gradient({ node, builder, upstream: [dy] }) {
    const [data, indices] = node.inputs as [string, string];
    const zeros = zerosOf(builder, builder.dims(data));
    const axis = int(numberAttribute(node, 'axis', 0));
    return [builder.node('ScatterElements', [zeros, indices, dy!], { axis, reduction: string('add') }), undefined];
  },
  execute: ({ tf, node, input }) => {
    const [x, indices] = [input(0).plain(), input(1).plain()];
    const axis = positiveAxis(numberAttribute(node, 'axis', 0), x.rank);
    const picked = gatherRows(tf, tf.reshape(x, [-1]), flatPositions(tf, x.shape, indices, axis));
    return [plain(tf, tf.reshape(picked, indices.shape))];
  },
};
