import { dataError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { positiveAxis } from '../dims.ts';
import { describeNode, type GraphNode, stringAttribute } from '../graph.ts';
import { executesPlain, notInTf } from './execution.ts';
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
  execute: executesPlain((x, { tf, node, constant, has }) => {
    if (stringAttribute(node, 'mode', 'constant') !== 'constant') throw notInTf(node, 'a mode other than constant');
    const { before, after } = padsOf(node, x.rank, constant);
    const fill = has(2) ? constant(2) : undefined;
    if (has(2) && fill === undefined) throw notInTf(node, 'a fill that is computed');
    const begin = before.map((size) => Math.max(0, -size));
    const kept = x.shape.map((size, axis) => size - begin[axis]! - Math.max(0, -after[axis]!));
    const around = before.map((size, axis): [number, number] => [Math.max(0, size), Math.max(0, after[axis]!)]);
    return tf.pad(tf.slice(x, begin, kept), around, Number(fill?.data[0] ?? 0));
  }),
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
