import { dataError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { positiveAxis } from '../dims.ts';
import { zerosOf } from '../gradients.ts';
import { type Dim, describeNode, type GraphNode, int, numberAttribute } from '../graph.ts';
import { plain } from './execution.ts';
import { type Op, required } from './op.ts';

/** Parts of given sizes along one axis (ONNX Split, opset 13), or equal parts where no sizes are given. */
export const split: Op = {
  name: 'Split',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const axis = positiveAxis(numberAttribute(context.node, 'axis', 0), dims.length);
    return partSizes(context.node, context.constant(1), dims[axis]).map((size) => ({
      dtype,
      dims: dims.map((dim, i) => (i === axis ? size : dim)),
    }));
  },
  gradient({ node, builder, upstream }) {
    const parts = upstream.map((gradient, index) => gradient ?? zerosOf(builder, builder.dims(node.outputs[index]!)));
    return [builder.node('Concat', parts, { axis: int(numberAttribute(node, 'axis', 0)) })];
  },
  execute: (context) => {
    const { tf, node, input, constant } = context;
    const x = input(0).plain();
    const axis = positiveAxis(numberAttribute(node, 'axis', 0), x.rank);
    const sizes = partSizes(node, constant(1), x.shape[axis]);
    // TensorFlow.js has no gradient for a single part.
    return sizes.length === 1 ? [input(0)] : tf.split(x, [...sizes], axis).map((part) => plain(tf, part));
  },
};

function partSizes(node: GraphNode, sizes: Tensor | undefined, size: Dim | undefined): readonly number[] {
  if (sizes !== undefined) return Array.from(sizes.data, Number);
  if (node.inputs[1] || typeof size !== 'number')
    throw dataError(`${describeNode(node)} computes its sizes while it runs, expected constants`);
  const count = node.outputs.length;
  const part = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.min(part, size - i * part));
}
