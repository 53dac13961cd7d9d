import { dataError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import { positiveAxis, reducedDims } from '../dims.ts';
import { expanded, reshaped } from '../gradients.ts';
import { describeNode, type GraphNode, intsAttribute, numberAttribute, type ValueType } from '../graph.ts';
import { channelsLast, type Execute, plain, type TfModule, type TfTensor } from './execution.ts';
import { type InferContext, required } from './op.ts';

/**
 * The axes that a reduction of `rank` axes works on. Older opsets give them as an attribute, newer ones as an input, which
 * is `given` where its value is known. Without axes it works on all of them, or on none by noop_with_empty_axes.
 */
function axesOf(node: GraphNode, rank: number, given: Tensor | undefined): ReadonlySet<number> {
  if (node.inputs[1] && given === undefined)
    throw dataError(`${describeNode(node)} computes its axes while it runs, expected constant axes`);
  const axes = given === undefined ? (intsAttribute(node, 'axes') ?? []) : Array.from(given.data, Number);
  if (axes.length > 0) return new Set(axes.map((axis) => positiveAxis(axis, rank)));
  return new Set(numberAttribute(node, 'noop_with_empty_axes', 0) === 1 ? [] : Array(rank).keys());
}

/** The shape rule of ONNX's Reduce operators. */
export function reductionTypes(context: InferContext): readonly ValueType[] {
  const { dtype, dims } = required(context, 0);
  const axes = axesOf(context.node, dims.length, context.constant(1));
  return [{ dtype, dims: reducedDims(dims, axes, numberAttribute(context.node, 'keepdims', 1) === 1) }];
}

/** `gradient` of a reduction of `node`, spread over the axes that were reduced. */
export function spreadGradient(builder: GraphBuilder, node: GraphNode, gradient: string): string {
  const dims = builder.dims(node.inputs[0]!);
  const axes = axesOf(node, dims.length, builder.known(node.inputs[1] ?? ''));
  return expanded(builder, reshaped(builder, gradient, reducedDims(dims, axes, true) as readonly number[]), dims);
}

/** A reduction in TensorFlow.js; `reduce` keeps the axes. Channels that lie last stay there. */
export function executesReduction(reduce: (tf: TfModule, x: TfTensor, axes: number[]) => TfTensor): Execute {
  return ({ tf, node, input, constant }) => {
    const value = input(0);
    const { rank } = value;
    const axes = [...axesOf(node, rank, constant(1))];
    const keeps = numberAttribute(node, 'keepdims', 1) === 1;
    const left = rank - axes.length;
    // With one axis left or none, its place does not matter once the others are gone.
    if (value.isChannelsLast && (keeps || left <= 1)) {
      const x = value.channelsLast();
      const kept = reduce(
        tf,
        x,
        axes.map((axis) => (axis === 0 ? 0 : axis === 1 ? rank - 1 : axis - 1)),
      );
      return [keeps ? channelsLast(tf, kept) : plain(tf, tf.reshape(kept, left === 0 ? [] : [-1]))];
    }
    const x = value.plain();
    const kept = axes.length === 0 ? reduce(tf, tf.expandDims(x, 0), [0]) : reduce(tf, x, axes);
    if (axes.length === 0) return [plain(tf, tf.reshape(kept, x.shape))];
    return [
      plain(
        tf,
        keeps
          ? kept
          : tf.reshape(
              kept,
              x.shape.filter((_, axis) => !axes.includes(axis)),
            ),
      ),
    ];
  };
}
