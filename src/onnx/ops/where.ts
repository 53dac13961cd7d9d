import { elementCount } from '../../core/tensor.ts';
import { broadcastDims } from '../dims.ts';
import { summedTo } from '../gradients.ts';
import { describeNode } from '../graph.ts';
import { broadcast, executesElementwise } from './execution.ts';
import { type Op, required } from './op.ts';

export const where: Op = {
  name: 'Where',
  infer(context) {
    const [condition, a, b] = [0, 1, 2].map((index) => required(context, index));
    const what = describeNode(context.node);
    return [{ dtype: a!.dtype, dims: broadcastDims(condition!.dims, broadcastDims(a!.dims, b!.dims, what), what) }];
  },
  sizes(context) {
    const condition = context.constant(0);
    const [a, b] = [context.sizes(1), context.sizes(2)];
    const [type] = where.infer(context);
    if (condition === undefined || a === undefined || b === undefined || type!.dims.length > 1) return undefined;
    const at = <T>(values: ArrayLike<T>, i: number) => values[values.length === 1 ? 0 : i]!;
    const dims = type!.dims as readonly number[];
    const values = Array.from({ length: elementCount(dims) }, (_, i) =>
      at((at(condition.data as Uint8Array, i) ? a : b).values, i),
    );
    return { dims, values };
  },
  gradient({ node, builder, upstream: [dy], wanted }) {
    const [condition, a, b] = node.inputs as [string, string, string];
    const zero = builder.scalar(0);
    return [
      undefined,
      wanted(1) ? summedTo(builder, builder.node('Where', [condition, dy!, zero]), a) : undefined,
      wanted(2) ? summedTo(builder, builder.node('Where', [condition, zero, dy!]), b) : undefined,
    ];
  },
  execute: executesElementwise((tf, [condition, a, b]) => {
    const shape = [condition!, a!, b!].reduce<number[]>(
      (whole, { shape }) => tf.broadcast_util.assertAndGetBroadcastShape(whole, shape),
      [],
    );
    const [chosen, ...others] = [condition!, a!, b!].map((tensor) => broadcast(tf, tensor, shape));
    return tf.where(chosen!, others[0]!, others[1]!);
  }),
};
