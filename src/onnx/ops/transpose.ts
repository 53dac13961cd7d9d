import { ints, intsAttribute } from '../graph.ts';
import { executesPlain } from './execution.ts';
import { type Op, required } from './op.ts';

function permutationOf(perm: readonly number[] | undefined, rank: number): readonly number[] {
  return perm ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
}

export const transpose: Op = {
  name: 'Transpose',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const perm = permutationOf(intsAttribute(context.node, 'perm'), dims.length);
    return [{ dtype, dims: perm.map((axis) => dims[axis]!) }];
  },
  gradient({ node, builder, upstream: [dy] }) {
    const perm = permutationOf(intsAttribute(node, 'perm'), builder.type(node.inputs[0]!).dims.length);
    return [builder.node('Transpose', [dy!], { perm: ints(perm.map((_, axis) => perm.indexOf(axis))) })];
  },
  execute: executesPlain((x, { tf, node }) => tf.transpose(x, [...permutationOf(intsAttribute(node, 'perm'), x.rank)])),
};
