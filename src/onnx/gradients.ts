import type { GraphBuilder } from './builder.ts';
import { sameDims } from './dims.ts';
import { int } from './graph.ts';

/** Reshapes `value` to `dims`, or returns it where it has that shape already. */
export function reshaped(builder: GraphBuilder, value: string, dims: readonly number[]): string {
  return sameDims(builder.type(value).dims, dims) ? value : builder.node('Reshape', [value, builder.int64(dims)]);
}

/** Sums `value` over `axes`. */
export function summed(builder: GraphBuilder, value: string, axes: readonly number[], keep: boolean): string {
  return builder.node('ReduceSum', [value, builder.int64(axes)], { keepdims: int(keep ? 1 : 0) });
}

/** The gradient of an input that was broadcast: `gradient` summed over the axes that the broadcast added or stretched. */
export function summedTo(builder: GraphBuilder, gradient: string, input: string): string {
  const from = builder.dims(gradient);
  const to = builder.dims(input);
  const added = from.length - to.length;
  const axes = from.flatMap((size, axis) => (axis < added || (to[axis - added] === 1 && size !== 1) ? [axis] : []));
  return axes.length === 0 ? gradient : reshaped(builder, summed(builder, gradient, axes, true), to);
}

/** `value` broadcast to `dims`. */
export function expanded(builder: GraphBuilder, value: string, dims: readonly number[]): string {
  return sameDims(builder.type(value).dims, dims) ? value : builder.node('Expand', [value, builder.int64(dims)]);
}

/** Zeros that others are scattered onto. */
export function zerosOf(builder: GraphBuilder, dims: readonly number[]): string {
  return builder.node('Expand', [builder.scalar(0), builder.int64(dims)]);
}

/** `value` with its last two axes swapped. */
export function transposed(builder: GraphBuilder, value: string): string {
  const rank = builder.type(value).dims.length;
  const order = Array.from({ length: rank }, (_, axis) => axis);
  order[rank - 2] = rank - 1;
  order[rank - 1] = rank - 2;
  return builder.node('Transpose', [value], { perm: { kind: 'ints', value: order } });
}
