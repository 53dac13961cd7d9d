import type * as Tf from '@tensorflow/tfjs';
import { dataError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { describeNode, type GraphNode } from '../graph.ts';

/** TensorFlow.js, which is handed in: no operator loads it. */
export type TfModule = typeof Tf;
export type TfTensor = Tf.Tensor;

/**
 * A value of a graph under execution in TensorFlow.js, in either of two layouts: as ONNX has it, or with the channels last,
 * [N, …, C] for [N, C, …], as TensorFlow's convolutions take it. It is turned at most once, and only where an operator asks.
 */
export interface Value {
  readonly rank: number;
  readonly isChannelsLast: boolean;
  /** Axes as in ONNX. */
  plain(): TfTensor;
  /** Axis 1 moved to the end. */
  channelsLast(): TfTensor;
}

/** What the execution of an operator may look at. */
export interface ExecuteContext {
  readonly tf: TfModule;
  readonly node: GraphNode;
  /** The value of an input; throws where it is left out. */
  readonly input: (index: number) => Value;
  /** Whether input `index` is there. */
  readonly has: (index: number) => boolean;
  /** The value of input `index` where it is known before the graph runs, as shapes and axes are. */
  readonly constant: (index: number) => Tensor | undefined;
}

/** Runs an operator: int64 is int32 there, whole bytes too, and every kind of float is float32. */
export type Execute = (context: ExecuteContext) => readonly Value[];

/** A tensor with its axes as in ONNX. */
export function plain(tf: TfModule, tensor: TfTensor): Value {
  return laidOut(tf, tensor, false);
}

/** A tensor with its channels last; below rank 3 both layouts are the same. */
export function channelsLast(tf: TfModule, tensor: TfTensor): Value {
  return laidOut(tf, tensor, tensor.rank > 2);
}

function laidOut(tf: TfModule, tensor: TfTensor, isChannelsLast: boolean): Value {
  let turned: TfTensor | undefined;
  const other = () => {
    turned ??= tensor.rank > 2 ? tf.transpose(tensor, turningOrder(tensor.rank, isChannelsLast)) : tensor;
    return turned;
  };
  return {
    rank: tensor.rank,
    isChannelsLast,
    plain: () => (isChannelsLast ? other() : tensor),
    channelsLast: () => (isChannelsLast ? tensor : other()),
  };
}

/** The order of axes that moves the channels to the front again, or to the end. */
function turningOrder(rank: number, toFront: boolean): number[] {
  const spatial = Array.from({ length: rank - 2 }, (_, axis) => axis);
  return toFront ? [0, rank - 1, ...spatial.map((axis) => axis + 1)] : [0, ...spatial.map((axis) => axis + 2), 1];
}

/** An operator of which only the first input is a tensor, in the order of ONNX's axes. */
export function executesPlain(compute: (x: TfTensor, context: ExecuteContext) => TfTensor): Execute {
  return (context) => [plain(context.tf, compute(context.input(0).plain(), context))];
}

/** An operator on the elements of its inputs, which broadcast: channels that lie last stay there. */
export function executesElementwise(
  compute: (tf: TfModule, inputs: readonly TfTensor[], context: ExecuteContext) => TfTensor,
): Execute {
  return (context) => {
    const { tf, node } = context;
    const values = node.inputs.flatMap((_, index) => (context.has(index) ? [context.input(index)] : []));
    const rank = Math.max(...values.map((value) => value.rank));
    if (!values.some((value) => value.isChannelsLast && value.rank === rank))
      return [
        plain(
          tf,
          compute(
            tf,
            values.map((value) => value.plain()),
            context,
          ),
        ),
      ];
    const turned = values.map((value) => (value.rank === 0 ? value.plain() : widened(tf, value, rank).channelsLast()));
    return [channelsLast(tf, compute(tf, turned, context))];
  };
}

/** An operator of one input that works on each element alone. */
export function executesUnary(compute: (tf: TfModule, x: TfTensor, context: ExecuteContext) => TfTensor): Execute {
  return (context) => {
    const { tf } = context;
    const x = context.input(0);
    return x.isChannelsLast
      ? [channelsLast(tf, compute(tf, x.channelsLast(), context))]
      : [plain(tf, compute(tf, x.plain(), context))];
  };
}

/** A comparison of two inputs, through which no gradient flows. */
export function executesComparison(compare: (tf: TfModule, a: TfTensor, b: TfTensor) => TfTensor): Execute {
  return executesElementwise((tf, inputs) => withoutGradient(tf, inputs, (a, b) => compare(tf, a!, b!)));
}

/** `value` with axes of size 1 in front, as broadcasting sees it. */
function widened(tf: TfModule, value: Value, rank: number): Value {
  if (value.rank === rank) return value;
  const tensor = value.plain();
  return plain(tf, tf.reshape(tensor, [...new Array<number>(rank - value.rank).fill(1), ...tensor.shape]));
}

/** What `compute` makes of `x`, and no gradient flows back: as through whole numbers and comparisons. */
export function withoutGradient(
  tf: TfModule,
  inputs: readonly TfTensor[],
  compute: (...inputs: readonly TfTensor[]) => TfTensor,
): TfTensor {
  return tf.customGrad((...given) => {
    const tensors = given.slice(0, inputs.length) as TfTensor[];
    const shapes = tensors.map(({ shape }) => shape);
    return { value: compute(...tensors), gradFunc: () => shapes.map((shape) => tf.zeros(shape)) };
  })(...inputs);
}

/** What `compute` makes of `x` along its last axis, for any axis of it. */
export function alongLast(tf: TfModule, x: TfTensor, axis: number, compute: (last: TfTensor) => TfTensor): TfTensor {
  if (axis === x.rank - 1) return compute(x);
  const swap = x.shape.map((_, i) => (i === axis ? x.rank - 1 : i === x.rank - 1 ? axis : i));
  return tf.transpose(compute(tf.transpose(x, swap)), swap);
}

/** `x` stretched to a shape that it broadcasts to; the gradient is summed over what was stretched. */
export function broadcast(tf: TfModule, x: TfTensor, shape: readonly number[]): TfTensor {
  if (x.rank === shape.length && x.shape.every((size, axis) => size === shape[axis])) return x;
  if (x.dtype === 'bool') return tf.cast(broadcast(tf, tf.cast(x, 'int32'), shape), 'bool');
  return tf.add(x, tf.zeros([...shape], x.dtype as 'float32' | 'int32'));
}

/** The error of an operator in a form that TensorFlow.js has nothing for; `what` says which. */
export function notInTf(node: GraphNode, what: string): Error {
  return dataError(
    `Cannot run ${describeNode(node)} with TensorFlow.js: ${what} is not supported there, use --engine onnx`,
  );
}
