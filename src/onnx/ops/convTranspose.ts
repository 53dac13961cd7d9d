import { intsAttribute, numberAttribute } from '../graph.ts';
import { type Op, required } from './op.ts';
import { reach, windowOf } from './slidingWindow.ts';

/** Written into the gradient of Conv; nothing is trained through it. */
export const convTranspose: Op = {
  name: 'ConvTranspose',
  infer(context) {
    const { node } = context;
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
};
