import { positiveAxis, reducedDims } from '../dims.ts';
import { numberAttribute } from '../graph.ts';
import { type Op, required } from './op.ts';

export const argMax: Op = {
  name: 'ArgMax',
  infer(context) {
    const { dims } = required(context, 0);
    const axis = positiveAxis(numberAttribute(context.node, 'axis', 0), dims.length);
    const keep = numberAttribute(context.node, 'keepdims', 1) === 1;
    return [{ dtype: 'int64', dims: reducedDims(dims, new Set([axis]), keep) }];
  },
};
