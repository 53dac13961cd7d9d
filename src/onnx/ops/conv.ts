import { dataError } from '../../core/errors.ts';
import { axesButChannels } from '../dims.ts';
import { summed } from '../gradients.ts';
import { describeNode, int, numberAttribute } from '../graph.ts';
import { type FilterWindow, filterGradient } from './filterGradient.ts';
import { type GradientContext, type Op, required } from './op.ts';
import { slidSizes, undoingAttributes, windowOf } from './slidingWindow.ts';
import { executeConv } from './tfConv.ts';

/** Convolution with stride, padding, dilation and groups (ONNX Conv): X [N, C, …], W [M, C / group, …], B [M]. */
export const conv: Op = {
  name: 'Conv',
  infer(context) {
    const { node } = context;
    const x = required(context, 0);
    const w = required(context, 1);
    const group = numberAttribute(node, 'group', 1);
    if (typeof x.dims[1] === 'number' && x.dims[1] !== Number(w.dims[1]) * group)
      throw dataError(`${describeNode(node)} takes ${Number(w.dims[1]) * group} channels, found ${x.dims[1]}`);
    const sizes = x.dims.slice(2);
    const slide = windowOf(node, sizes, w.dims.slice(2).map(Number));
    return [{ dtype: x.dtype, dims: [x.dims[0]!, w.dims[0]!, ...slidSizes(node, sizes, slide)] }];
  },
  gradient(context) {
    const { node, builder, upstream, wanted } = context;
    const [dy] = upstream as [string];
    const axes = axesButChannels(builder.dims(dy));
    return [
      wanted(0) ? inputGradient(context, dy) : undefined,
      wanted(1) ? filterGradient(builder, slidOver(context), node.inputs[0]!, dy) : undefined,
      node.inputs[2] && wanted(2) ? summed(builder, dy, axes, false) : undefined,
    ];
  },
  execute: executeConv,
};

function slidOver({ node, builder }: GradientContext): FilterWindow {
  const [x, w] = node.inputs as [string, string];
  const dims = builder.dims(w);
  const slide = windowOf(node, builder.dims(x).slice(2), dims.slice(2));
  return { slide, dims, group: numberAttribute(node, 'group', 1) };
}

/** ConvTranspose undoes the sliding. */
function inputGradient(context: GradientContext, dy: string): string {
  const { node, builder } = context;
  const [x, w] = node.inputs as [string, string];
  const sizes = builder.dims(x).slice(2);
  const slid = builder.dims(dy).slice(2);
  const { slide, group } = slidOver(context);
  return builder.node('ConvTranspose', [dy, w], { ...undoingAttributes(slide, sizes, slid), group: int(group) });
}
