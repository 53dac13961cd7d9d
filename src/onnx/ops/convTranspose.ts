import { intsAttribute, numberAttribute } from '../graph.ts';
import { type Op, required } from './op.ts';
import { reach, windowOf } from './window.ts';

/** Written into the gradient of Conv; nothing is trained through it. */
export const convTranspose: Op = {
  name: 'ConvTranspose',
  infer(context) {
    const { node } = context;
    const x = required(context, 0);
    const w = required(context, 1);
    const sizes = x.dims.slice(2).map(Number);
    const window = windowOf(node, sizes, w.dims.slice(2).map(Number));
    const extra = intsAttribute(node, 'output_padding') ?? sizes.map(() => 0);
    const spread = sizes.map((size, axis) => {
      const cut = window.pads[axis]! + window.pads[axis + sizes.length]!;
      return window.strides[axis]! * (size - 1) + extra[axis]! + reach(window, axis) - cut;
    });
    return [{ dtype: x.dtype, dims: [x.dims[0]!, Number(w.dims[1]) * numberAttribute(node, 'group', 1), ...spread] }];
  },
};
