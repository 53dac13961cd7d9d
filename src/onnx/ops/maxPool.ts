import { elementCount } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import { reshaped, zerosOf } from '../gradients.ts';
import { type GraphNode, int, string } from '../graph.ts';
import { channelsLast, notInTf } from './execution.ts';
import { type Op, required } from './op.ts';
import { slidSizes, windowOf } from './slidingWindow.ts';
import { flatWindow, onImages, paddedImage } from './tfWindow.ts';

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
    const x = node.inputs[0]!;
    const dims = b.dims(x);
    const detail = windowOf(node, dims.slice(2));
    return b.group({ kind: 'MaxPoolGradient', inputs: [x, node.outputs[0]!, dy!], detail }, () => {
      const count = elementCount(b.dims(dy!));
      const indices = node.outputs[1] || indicesOf(b, node);
      const zeros = zerosOf(b, [elementCount(dims)]);
      const flat = [zeros, reshaped(b, indices, [count]), reshaped(b, dy!, [count])];
      return [reshaped(b, b.node('ScatterElements', flat, { axis: int(0), reduction: string('add') }), dims)];
    });
  },
  execute: (context) => {
    const { tf, node, input } = context;
    const x = input(0).channelsLast();
    const slide = flatWindow(context, x.shape.slice(1, -1));
    if (slide.dilations.some((dilation) => dilation > 1)) throw notInTf(node, 'dilation');
    const { kernel, strides } = slide;
    const pooled = onImages(tf, x, (image) => {
      const padded = paddedImage(tf, image, slide.pads, lowestFloat);
      return tf.maxPool(padded as never, [...kernel], [...strides], 'valid');
    });
    return [channelsLast(tf, pooled)];
  },
};

/** The second output of a MaxPool that was written without it. */
function indicesOf(builder: GraphBuilder, node: GraphNode): string {
  const outputs = ['values', 'indices'].map((output) => `${node.outputs[0]}/${output}`);
  builder.add({ ...node, name: outputs[0]!, outputs });
  return outputs[1]!;
}

/** What no number of the input is below. */
export const lowestFloat: number = -3.4028234663852886e38;
