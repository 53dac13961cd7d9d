import { dataError } from '../../core/errors.ts';
import { allocate, elementCount, float32 } from '../../core/tensor.ts';
import { describeNode, type GraphNode } from '../graph.ts';
import { plain } from './execution.ts';
import type { Op } from './op.ts';
import { listedSizes, longestKnown } from './sizes.ts';

function fillOf(node: GraphNode) {
  const { value } = node.attributes;
  return value?.kind === 'tensor' ? value.value : float32([0]);
}

/** One number in every place of a shape (ONNX ConstantOfShape, opset 9). */
export const constantOfShape: Op = {
  name: 'ConstantOfShape',
  infer(context) {
    const dims = listedSizes(context, 0);
    if (dims === undefined)
      throw dataError(`${describeNode(context.node)} computes its shape while it runs, expected a constant`);
    return [{ dtype: fillOf(context.node).dtype, dims }];
  },
  evaluate({ node, constant }) {
    const wanted = constant(0);
    if (wanted === undefined) return undefined;
    const dims = Array.from(wanted.data, Number);
    if (elementCount(dims) > longestKnown) return undefined;
    const { dtype, data: fill } = fillOf(node);
    const data = allocate(dtype, dims);
    for (let i = 0; i < data.length; i++) data[i] = fill[0]!;
    return { dtype, dims, data };
  },
  execute: ({ tf, node, constant }) => {
    const { dtype, data } = fillOf(node);
    const kind = dtype.startsWith('float') ? 'float32' : dtype === 'bool' ? 'bool' : 'int32';
    return [plain(tf, tf.fill(Array.from(constant(0)!.data, Number), Number(data[0]), kind))];
  },
};
