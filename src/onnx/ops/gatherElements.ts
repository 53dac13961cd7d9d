import { zerosOf } from '../gradients.ts';
import { int, numberAttribute, string } from '../graph.ts';
import { type Op, required } from './op.ts';

export const gatherElements: Op = {
  name: 'GatherElements',
  infer: (context) => [{ dtype: required(context, 0).dtype, dims: required(context, 1).dims }],
  gradient({ node, builder, upstream: [dy] }) {
    const [data, indices] = node.inputs as [string, string];
    const zeros = zerosOf(builder, builder.dims(data));
    const axis = int(numberAttribute(node, 'axis', 0));
    return [builder.node('ScatterElements', [zeros, indices, dy!], { axis, reduction: string('add') }), undefined];
  },
};
