import { dataError } from '../../core/errors.ts';
import { productOf, quotientOf } from '../dims.ts';
import { reshaped } from '../gradients.ts';
import { type Dim, describeNode, type GraphNode } from '../graph.ts';
import { executesPlain } from './execution.ts';
import { type Op, required } from './op.ts';
import { listedSizes, redressed } from './sizes.ts';

export const reshape: Op = {
  name: 'Reshape',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const wanted = listedSizes(context, 1);
    if (wanted === undefined)
      throw dataError(
        `${describeNode(context.node)} computes its shape while it runs, export the model with fixed sizes apart from the batch`,
      );
    return [{ dtype, dims: reshapedDims(dims, wanted, context.node) }];
  },
  gradient: ({ node, builder, upstream: [dy] }) => [reshaped(builder, dy!, builder.dims(node.inputs[0]!))],
  evaluate: (context) => redressed(context, context.constant(0), reshape.infer),
  sizes: (context) => redressed(context, context.sizes(0), reshape.infer),
  execute: executesPlain((x, context) => {
    const sizes = Array.from(context.constant(1)!.data, Number);
    return context.tf.reshape(x, reshapedDims(x.shape, sizes, context.node) as number[]);
  }),
};

function reshapedDims(dims: readonly Dim[], wanted: readonly Dim[], node: GraphNode): readonly Dim[] {
  // 0 keeps the size of that axis, -1 takes what is left.
  const sizes = wanted.map((size, axis) => (size === 0 ? dims[axis]! : size));
  const rest = quotientOf(productOf(dims), productOf(sizes.filter((size) => size !== -1)));
  // A part of a named size is a size too, as long as something is left to tell it.
  const fits = sizes.includes(-1) ? typeof rest === 'string' || Number.isInteger(rest) : rest === 1;
  if (!fits) throw dataError(`${describeNode(node)} cannot turn [${dims.join(', ')}] into [${wanted.join(', ')}]`);
  return sizes.map((size) => (size === -1 ? rest! : size));
}
