import { dataError } from '../../core/errors.ts';
import {
  type Attributes,
  type Dim,
  describeNode,
  type GraphNode,
  ints,
  intsAttribute,
  numberAttribute,
  stringAttribute,
} from '../graph.ts';

/** How a kernel slides over the spatial axes, as ONNX's Conv and pooling operators say it. */
export interface SlidingWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before each spatial axis, then after each. */
  readonly pads: readonly number[];
}

/** Reads the window of a node over spatial sizes; `kernel` where the weights tell it. */
export function windowOf(node: GraphNode, sizes: readonly Dim[], kernel?: readonly number[]): SlidingWindow {
  const shape = kernel ?? intsAttribute(node, 'kernel_shape');
  if (shape === undefined) throw dataError(`${describeNode(node)} has no kernel_shape`);
  const ones = shape.map(() => 1);
  const strides = intsAttribute(node, 'strides') ?? ones;
  const dilations = intsAttribute(node, 'dilations') ?? ones;
  const slide = { kernel: shape, strides, dilations };
  return { ...slide, pads: padsOf(node, sizes, slide) };
}

/** The sizes of the output of a sliding window. */
export function slidSizes(node: GraphNode, sizes: readonly Dim[], slide: SlidingWindow): readonly number[] {
  const ceil = numberAttribute(node, 'ceil_mode', 0) === 1;
  return sizes.map((size, axis) => {
    if (typeof size !== 'number')
      throw dataError(
        `${describeNode(node)} slides over an axis of unknown size "${size}": fix all sizes but the batch`,
      );
    const before = slide.pads[axis]!;
    const padded = size + before + slide.pads[axis + sizes.length]!;
    const steps = (padded - reach(slide, axis)) / slide.strides[axis]!;
    const count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A window may not start in the padding behind (PyTorch's rule, ONNX opset 19).
    return ceil && (count - 1) * slide.strides[axis]! >= size + before ? count - 1 : count;
  });
}

/** How many cells a dilated kernel spans. */
export function reach({ kernel, dilations }: Pick<SlidingWindow, 'kernel' | 'dilations'>, axis: number): number {
  return dilations[axis]! * (kernel[axis]! - 1) + 1;
}

/**
 * The attributes of the ConvTranspose that undoes a sliding window: from `slid` sizes back to `sizes`, output padding giving
 * back the cells that the stride dropped.
 */
export function undoingAttributes(slide: SlidingWindow, sizes: readonly number[], slid: readonly number[]): Attributes {
  const { strides, pads, dilations } = slide;
  const dropped = sizes.map(
    (size, axis) =>
      size + pads[axis]! + pads[axis + sizes.length]! - strides[axis]! * (slid[axis]! - 1) - reach(slide, axis),
  );
  // By ceil_mode the last window may reach over the end: what it covers there is cut off as padding is.
  const over = dropped.map((size) => Math.max(0, -size));
  const cut = pads.map((pad, i) => pad + (i < sizes.length ? 0 : over[i - sizes.length]!));
  const extra = dropped.map((size) => Math.max(0, size));
  return { strides: ints(strides), pads: ints(cut), dilations: ints(dilations), output_padding: ints(extra) };
}

function padsOf(node: GraphNode, sizes: readonly Dim[], slide: Omit<SlidingWindow, 'pads'>): readonly number[] {
  const automatic = stringAttribute(node, 'auto_pad', 'NOTSET');
  const none = sizes.map(() => 0);
  if (automatic === 'NOTSET') return intsAttribute(node, 'pads') ?? [...none, ...none];
  if (automatic === 'VALID') return [...none, ...none];
  const totals = sizes.map((size, axis) => {
    const stride = slide.strides[axis]!;
    const steps = Math.ceil(Number(size) / stride);
    return Math.max(0, (steps - 1) * stride + reach(slide, axis) - Number(size));
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total) => Math.ceil(total / 2));
  return automatic === 'SAME_LOWER' ? [...large, ...small] : [...small, ...large];
}
