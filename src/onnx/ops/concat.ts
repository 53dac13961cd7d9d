import { positiveAxis } from '../dims.ts';
import { numberAttribute } from '../graph.ts';
import { plain } from './execution.ts';
import { type InferContext, type Op, required } from './op.ts';

const axisOf = (context: InferContext) =>
  positiveAxis(numberAttribute(context.node, 'axis', 0), required(context, 0).dims.length);

export const concat: Op = {
  name: 'Concat',
  infer(context) {
    const axis = axisOf(context);
    const { dtype, dims } = required(context, 0);
    const sizes = context.node.inputs.map((_, index) => required(context, index).dims[axis]!);
    const total = sizes.every((size) => typeof size === 'number')
      ? sizes.reduce((sum, size) => sum + size, 0)
      : sizes.join('+');
    return [{ dtype, dims: dims.map((dim, i) => (i === axis ? total : dim)) }];
  },
  gradient({ node, builder, upstream: [dy] }) {
    const rank = builder.dims(dy!).length;
    const axis = positiveAxis(numberAttribute(node, 'axis', 0), rank);
    return builder.split(
      dy!,
      node.inputs.map((input) => builder.dims(input)[axis]!),
      axis,
    );
  },
  sizes(context) {
    const parts = context.node.inputs.map((_, index) => context.sizes(index));
    if (!parts.every((part) => part?.dims.length === 1)) return undefined;
    const values = parts.flatMap((part) => part!.values);
    return { dims: [values.length], values };
  },
  execute: ({ tf, node, input }) => {
    const parts = node.inputs.map((_, index) => input(index).plain());
    return [plain(tf, tf.concat(parts, positiveAxis(numberAttribute(node, 'axis', 0), parts[0]!.rank)))];
  },
};
