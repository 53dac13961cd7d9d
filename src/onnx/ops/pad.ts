import { dataError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { positiveAxis } from '../dims.ts';
import { describeNode, type GraphNode, stringAttribute } from '../graph.ts';
import { type Op, required } from './op.ts';

/** Constant padding (ONNX Pad, opset 13); negative pads crop. */
export const pad: Op = {
  name: 'Pad',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const { before, after } = padsOf(context.node, dims.length, context.constant);
    return [
      {
        dtype,
        dims: dims.map((dim, axis) => {
          const added = before[axis]! + after[axis]!;
          return typeof dim === 'number' ? dim + added : added === 0 ? dim : `${dim}+${added}`;
        }),
      },
    ];
  },
  gradient({ node, builder, upstream: [dy] }) {
    if (stringAttribute(node, 'mode', 'constant') !== 'constant')
      throw dataError(`Cannot train through ${describeNode(node)}: its mode is not constant`);
    const rank = builder.dims(dy!).length;
    const { before, after } = padsOf(node, rank, (index) => builder.known(node.inputs[index] ?? ''));
    return [builder.node('Pad', [dy!, builder.int64([...before, ...after].map((added) => -added))])];
  },
};

function padsOf(node: GraphNode, rank: number, constant: (index: number) => Tensor | undefined) {
  const pads = constant(1);
  if (pads === undefined) throw dataError(`${describeNode(node)} computes its pads while it runs, expected a constant`);
  const given = Array.from(pads.data, Number);
  const axes = node.inputs[3] ? constant(3) : undefined;
  const named = axes === undefined ? given.slice(0, rank).map((_, axis) => axis) : Array.from(axes.data, Number);
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  named.forEach((axis, i) => {
    before[positiveAxis(axis, rank)] = given[i]!;
    after[positiveAxis(axis, rank)] = given[i + named.length]!;
  });
  return { before, after };
}
