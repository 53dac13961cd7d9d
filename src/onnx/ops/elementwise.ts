import { broadcastDims } from '../dims.ts';
import { describeNode, type ValueType } from '../graph.ts';
import { type InferContext, required } from './op.ts';

/** The shape rule of element-wise operators of two inputs, which broadcast. */
export function broadcastTypes(context: InferContext): readonly ValueType[] {
  const a = required(context, 0);
  const b = required(context, 1);
  return [{ dtype: a.dtype, dims: broadcastDims(a.dims, b.dims, describeNode(context.node)) }];
}

/** The shape rule of comparisons. */
export function comparisonTypes(context: InferContext): readonly ValueType[] {
  return broadcastTypes(context).map((type) => ({ ...type, dtype: 'bool' }));
}
