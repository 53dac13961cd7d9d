import { elementCount } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import { reshaped, zerosOf } from '../gradients.ts';
import { type GraphNode, int, string } from '../graph.ts';
import { type Op, required } from './op.ts';
import { slidSizes, windowOf } from './slidingWindow.ts';

export const maxPool: Op = {
  name: 'MaxPool',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const sizes = dims.slice(2);
    const out = [dims[0]!, dims[1]!, ...slidSizes(context.node, sizes, windowOf(context.node, sizes))];
    return [
      { dtype, dims: out },
      { dtype: 'int64', dims: out },
    ];
  },
  // The winners' positions in the whole input, as MaxPool itself tells them; a cell may win several windows.
  gradient({ node, builder: b, upstream: [dy] }) {
    const dims = b.dims(node.inputs[0]!);
    const count = elementCount(b.dims(dy!));
    const indices = node.outputs[1] || indicesOf(b, node);
    const zeros = zerosOf(b, [elementCount(dims)]);
    const flat = [zeros, reshaped(b, indices, [count]), reshaped(b, dy!, [count])];
    return [reshaped(b, b.node('ScatterElements', flat, { axis: int(0), reduction: string('add') }), dims)];
  },
};

/** The second output of a MaxPool that was written without it. */
function indicesOf(builder: GraphBuilder, node: GraphNode): string {
  const outputs = ['values', 'indices'].map((output) => `${node.outputs[0]}/${output}`);
  builder.add({ ...node, name: outputs[0]!, outputs });
  return outputs[1]!;
}
