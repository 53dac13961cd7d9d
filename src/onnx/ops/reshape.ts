import { dataError } from '../../core/errors.ts';
import { productOf } from '../dims.ts';
import { reshaped } from '../gradients.ts';
import { type Dim, describeNode, type GraphNode } from '../graph.ts';
import { type Op, required } from './op.ts';

export const reshape: Op = {
  name: 'Reshape',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const wanted = context.constant(1);
    if (wanted === undefined)
      throw dataError(
        `${describeNode(context.node)} computes its shape while it runs, export the model with fixed sizes apart from the batch`,
      );
    return [{ dtype, dims: reshapedDims(dims, Array.from(wanted.data, Number), context.node) }];
  },
  gradient: ({ node, builder, upstream: [dy] }) => [reshaped(builder, dy!, builder.dims(node.inputs[0]!))],
  evaluate(context) {
    const value = context.constant(0);
    const [type] = context.constant(1) === undefined ? [] : reshape.infer(context);
    return value && type && { ...value, dims: type.dims as readonly number[] };
  },
};

function reshapedDims(dims: readonly Dim[], wanted: readonly number[], node: GraphNode): readonly Dim[] {
  // 0 keeps the size of that axis, -1 takes what is left.
  const sizes = wanted.map((size, axis) => (size === 0 ? dims[axis]! : size));
  const others = sizes.filter((size) => size !== -1);
  const names = others.filter((size) => typeof size === 'string');
  const remaining = dims.filter((dim) => typeof dim === 'number' || !names.includes(dim));
  const known = others.filter((size) => typeof size === 'number').reduce((product, size) => product * size, 1);
  const numbers = remaining.filter((dim) => typeof dim === 'number').reduce((product, dim) => product * dim, 1);
  const symbols = remaining.filter((dim) => typeof dim === 'string');
  const takesRest = sizes.includes(-1);
  const fits = symbols.length > 0 ? takesRest : takesRest ? numbers % known === 0 : numbers === known;
  if (!fits) throw dataError(`${describeNode(node)} cannot turn [${dims.join(', ')}] into [${wanted.join(', ')}]`);
  return sizes.map((size) => (size === -1 ? productOf([...symbols, numbers / known]) : size));
}
