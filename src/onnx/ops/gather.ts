import { elementCount } from '../../core/tensor.ts';
import { positiveAxis } from '../dims.ts';
import { reshaped, zerosOf } from '../gradients.ts';
import { int, ints, numberAttribute, string } from '../graph.ts';
import { plain } from './execution.ts';
import { type Op, required } from './op.ts';
import { fromFront, gatherAlong } from './tfGather.ts';

/** Picks rows along one axis, as an embedding does (ONNX Gather). */
export const gather: Op = {
  name: 'Gather',
  infer(context) {
    const data = required(context, 0);
    const indices = required(context, 1);
    const axis = positiveAxis(numberAttribute(context.node, 'axis', 0), data.dims.length);
    return [{ dtype: data.dtype, dims: [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)] }];
  },
  // Rows that were picked several times get the sum: scattered onto zeros along the first axis.
  gradient({ node, builder, upstream: [dy] }) {
    const [data, indices] = node.inputs as [string, string];
    const dims = builder.dims(data);
    const axis = positiveAxis(numberAttribute(node, 'axis', 0), dims.length);
    const front = [axis, ...dims.map((_, i) => i).filter((i) => i !== axis)];
    const rest = front.slice(1).map((i) => dims[i]!);
    const picked = elementCount(builder.dims(indices));
    const rank = builder.dims(indices).length;
    const rowsFirst = [
      ...Array.from({ length: rank }, (_, i) => axis + i),
      ...Array.from({ length: axis }, (_, i) => i),
      ...Array.from({ length: dims.length - axis - 1 }, (_, i) => axis + rank + i),
    ];
    const rows = builder.node('Transpose', [dy!], { perm: ints(rowsFirst) });
    const updates = reshaped(builder, rows, [picked, ...rest]);
    const each = reshaped(builder, indices, [picked, ...rest.map(() => 1)]);
    const where = builder.node('Expand', [each, builder.int64([picked, ...rest])]);
    const zeros = zerosOf(builder, [dims[axis]!, ...rest]);
    // Not ScatterND: on several threads ONNX Runtime loses sums of rows that were picked several times.
    const sum = builder.node('ScatterElements', [zeros, where, updates], { axis: int(0), reduction: string('add') });
    return [
      axis === 0 ? sum : builder.node('Transpose', [sum], { perm: ints(dims.map((_, i) => front.indexOf(i))) }),
      undefined,
    ];
  },
  sizes(context) {
    const data = context.sizes(0);
    const indices = context.constant(1);
    if (data?.dims.length !== 1 || indices === undefined) return undefined;
    const picked = Array.from(indices.data, Number).map((i) => data.values[positiveAxis(i, data.values.length)]!);
    return { dims: indices.dims, values: picked };
  },
  execute: ({ tf, node, input }) => {
    const [x, indices] = [input(0).plain(), input(1).plain()];
    const axis = positiveAxis(numberAttribute(node, 'axis', 0), x.rank);
    const rows = fromFront(tf, tf.reshape(indices, [-1]), x.shape[axis]!);
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return [plain(tf, tf.reshape(gatherAlong(tf, x, rows, axis), shape))];
  },
};
