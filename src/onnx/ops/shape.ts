import { type Dim, type GraphNode, numberAttribute } from '../graph.ts';
import { executesPlain } from './execution.ts';
import { type Op, required } from './op.ts';

function slicedDims<D extends Dim>(node: GraphNode, dims: readonly D[]): readonly D[] {
  return dims.slice(numberAttribute(node, 'start', 0), numberAttribute(node, 'end', dims.length));
}

export const shape: Op = {
  name: 'Shape',
  infer: (context) => [{ dtype: 'int64', dims: [slicedDims(context.node, required(context, 0).dims).length] }],
  sizes(context) {
    const dims = slicedDims(context.node, required(context, 0).dims);
    return { dims: [dims.length], values: dims };
  },
  execute: executesPlain((x, { tf, node }) => tf.tensor1d([...slicedDims(node, x.shape)], 'int32')),
};
