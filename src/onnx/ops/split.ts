import { dataError } from '../../core/errors.ts';
import { positiveAxis } from '../dims.ts';
import { zerosOf } from '../gradients.ts';
import { describeNode, int, numberAttribute } from '../graph.ts';
import { type InferContext, type Op, required } from './op.ts';

/** Parts of given sizes along one axis (ONNX Split, opset 13), or equal parts where no sizes are given. */
export const split: Op = {
  name: 'Split',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const axis = positiveAxis(numberAttribute(context.node, 'axis', 0), dims.length);
    return partSizes(context, axis).map((size) => ({ dtype, dims: dims.map((dim, i) => (i === axis ? size : dim)) }));
  },
  gradient({ node, builder, upstream }) {
    const parts = upstream.map((gradient, index) => gradient ?? zerosOf(builder, builder.dims(node.outputs[index]!)));
    return [builder.node('Concat', parts, { axis: int(numberAttribute(node, 'axis', 0)) })];
  },
};

function partSizes(context: InferContext, axis: number): readonly number[] {
  const { node } = context;
  const sizes = context.constant(1);
  if (sizes !== undefined) return Array.from(sizes.data, Number);
  const size = required(context, 0).dims[axis];
  if (node.inputs[1] || typeof size !== 'number')
    throw dataError(`${describeNode(node)} computes its sizes while it runs, expected constants`);
  const count = node.outputs.length;
  const part = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.min(part, size - i * part));
}
