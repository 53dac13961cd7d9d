import { dataError } from '../../core/errors.ts';
import { elementCount, float32 } from '../../core/tensor.ts';
import { reshaped } from '../gradients.ts';
import { describeNode, numberAttribute } from '../graph.ts';
import { type Op, required } from './op.ts';
import { slidSizes, undoingAttributes, windowOf } from './slidingWindow.ts';

export const averagePool: Op = {
  name: 'AveragePool',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const sizes = dims.slice(2);
    return [{ dtype, dims: [dims[0]!, dims[1]!, ...slidSizes(context.node, sizes, windowOf(context.node, sizes))] }];
  },
  // Each output cell hands an equal share to every input cell it averaged: a transposed convolution with a constant kernel.
  gradient({ node, builder: b, upstream: [dy] }) {
    const [batch, channels, ...sizes] = b.dims(node.inputs[0]!) as [number, number, ...number[]];
    const slide = windowOf(node, sizes);
    const { kernel, pads } = slide;
    const includesPadding = numberAttribute(node, 'count_include_pad', 0) === 1;
    if (numberAttribute(node, 'ceil_mode', 0) === 1 || (pads.some((size) => size > 0) && !includesPadding))
      throw dataError(
        `Cannot train through ${describeNode(node)}: windows of different sizes, expected no ceil_mode, and no padding unless it counts`,
      );
    const slid = slidSizes(node, sizes, slide);
    const cells = elementCount(kernel);
    const share = b.constant(float32(new Float32Array(cells).fill(1 / cells), [1, 1, ...kernel]));
    // Channels join the batch, so that one filter serves all.
    const single = reshaped(b, dy!, [batch * channels, 1, ...slid]);
    const spread = b.node('ConvTranspose', [single, share], undoingAttributes(slide, sizes, slid));
    return [reshaped(b, spread, [batch, channels, ...sizes])];
  },
};
