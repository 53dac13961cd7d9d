import { dataError } from '../../core/errors.ts';
import { axesButChannels } from '../dims.ts';
import { summed } from '../gradients.ts';
import { describeNode, type GraphNode, int, ints, intsAttribute, numberAttribute, stringAttribute } from '../graph.ts';
import { filterGradient } from './filterGradient.ts';
import { type Op, required } from './op.ts';
import { reach, windowOf } from './slidingWindow.ts';
import { executeConvTranspose } from './tfConv.ts';

/** Undoes the sliding of a convolution (ONNX ConvTranspose): X [N, C, …], W [C, M / group, …], B [M]. */
export const convTranspose: Op = {
  name: 'ConvTranspose',
  infer(context) {
    const { node } = context;
    requirePlainPads(node);
    const x = required(context, 0);
    const w = required(context, 1);
    const sizes = x.dims.slice(2).map(Number);
    const slide = windowOf(node, sizes, w.dims.slice(2).map(Number));
    const extra = intsAttribute(node, 'output_padding') ?? sizes.map(() => 0);
    const spread = sizes.map((size, axis) => {
      const cut = slide.pads[axis]! + slide.pads[axis + sizes.length]!;
      return slide.strides[axis]! * (size - 1) + extra[axis]! + reach(slide, axis) - cut;
    });
    return [{ dtype: x.dtype, dims: [x.dims[0]!, Number(w.dims[1]) * numberAttribute(node, 'group', 1), ...spread] }];
  },
  // It is the gradient of a convolution by its input; so its own is that convolution, by either of its inputs.
  gradient({ node, builder, upstream: [dy], wanted }) {
    const [x, w] = node.inputs as [string, string];
    const dims = builder.dims(w);
    const group = numberAttribute(node, 'group', 1);
    const slide = windowOf(node, builder.dims(x).slice(2), dims.slice(2));
    const { strides, pads, dilations } = slide;
    const attributes = { strides: ints(strides), pads: ints(pads), dilations: ints(dilations), group: int(group) };
    const axes = axesButChannels(builder.dims(dy!));
    return [
      wanted(0) ? builder.node('Conv', [dy!, w], attributes) : undefined,
      wanted(1) ? filterGradient(builder, { slide, dims, group }, dy!, x) : undefined,
      node.inputs[2] && wanted(2) ? summed(builder, dy!, axes, false) : undefined,
    ];
  },
  execute: executeConvTranspose,
};

function requirePlainPads(node: GraphNode): void {
  if (intsAttribute(node, 'output_shape') !== undefined || stringAttribute(node, 'auto_pad', 'NOTSET') !== 'NOTSET')
    throw dataError(`${describeNode(node)} is given its padding by output_shape or auto_pad, expected pads`);
}
