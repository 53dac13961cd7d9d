import { positiveAxis, reducedDims } from '../dims.ts';
import { numberAttribute } from '../graph.ts';
import { executesPlain } from './execution.ts';
import { type Op, required } from './op.ts';

export const argMax: Op = {
  name: 'ArgMax',
  infer(context) {
    const { dims } = required(context, 0);
    const axis = positiveAxis(numberAttribute(context.node, 'axis', 0), dims.length);
    const keep = numberAttribute(context.node, 'keepdims', 1) === 1;
    return [{ dtype: 'int64', dims: reducedDims(dims, new Set([axis]), keep) }];
  },
  execute: executesPlain((x, { tf, node }) => {
    const axis = positiveAxis(numberAttribute(node, 'axis', 0), x.rank);
    const fromEnd = numberAttribute(node, 'select_last_index', 0) === 1;
    const found = tf.argMax(fromEnd ? tf.reverse(x, axis) : x, axis);
    const index = fromEnd ? tf.sub(tf.scalar(x.shape[axis]! - 1, 'int32'), found) : found;
    return numberAttribute(node, 'keepdims', 1) === 1 ? tf.expandDims(index, axis) : index;
  }),
};
