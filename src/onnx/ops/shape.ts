import { int64 } from '../../core/tensor.ts';
import { numberAttribute } from '../graph.ts';
import { type InferContext, type Op, required } from './op.ts';

function slicedDims(context: InferContext) {
  const { dims } = required(context, 0);
  return dims.slice(numberAttribute(context.node, 'start', 0), numberAttribute(context.node, 'end', dims.length));
}

export const shape: Op = {
  name: 'Shape',
  infer: (context) => [{ dtype: 'int64', dims: [slicedDims(context).length] }],
  evaluate(context) {
    const dims = slicedDims(context);
    return dims.every((dim) => typeof dim === 'number') ? int64(dims) : undefined;
  },
};
