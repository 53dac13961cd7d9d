import { intsAttribute, numberAttribute } from '../graph.ts';
import { channelsLast, type Execute, type ExecuteContext, type TfModule, type TfTensor } from './execution.ts';
import { reach } from './slidingWindow.ts';
import { type FlatWindow, flatWindow, imageFilter, inTwo, onImages, paddedImage } from './tfWindow.ts';

/** Conv in TensorFlow.js: padding of its own, and a convolution for each group, or a depthwise one. */
export const executeConv: Execute = (context) => {
  const { tf, node, input } = context;
  const x = input(0).channelsLast();
  const w = input(1).plain();
  const slide = flatWindow(context, x.shape.slice(1, -1), w.shape.slice(2));
  const group = numberAttribute(node, 'group', 1);
  const y = onImages(tf, x, (image) => convolve(tf, image, w, slide, group));
  return [channelsLast(tf, withBias(context, y))];
};

function convolve(tf: TfModule, image: TfTensor, w: TfTensor, slide: FlatWindow, group: number): TfTensor {
  const strides: [number, number] = [...slide.strides];
  const isSame = padsAsSame(image.shape.slice(1, 3), slide);
  const padded = isSame ? image : paddedImage(tf, image, slide.pads, 0);
  const padding = isSame ? 'same' : 'valid';
  const filter = imageFilter(tf, w, slide.dilations);
  if (group > 1 && w.shape[1] === 1) {
    // The filters of one channel lie behind one another, as TensorFlow has them: [kH, kW, 1, C m] is [kH, kW, C, m].
    const [rows, columns, , outputs] = filter.shape as [number, number, number, number];
    const depthwise = tf.reshape(filter, [rows, columns, group, outputs / group]);
    return tf.depthwiseConv2d(padded as never, depthwise as never, strides, padding);
  }
  const parts = group === 1 ? [padded] : tf.split(padded, group, 3);
  const filters = group === 1 ? [filter] : tf.split(filter, group, 3);
  const convolved = parts.map((part, i) => tf.conv2d(part as never, filters[i] as never, strides, padding) as TfTensor);
  return group === 1 ? convolved[0]! : tf.concat(convolved, 3);
}

/** Whether TensorFlow's own padding, what is left over behind, is the one asked for: that spares a copy. */
function padsAsSame(sizes: readonly number[], slide: FlatWindow): boolean {
  return slide.pads.every(([before, after], axis) => {
    const stride = slide.strides[axis]!;
    const steps = Math.ceil(sizes[axis]! / stride) - 1;
    const total = Math.max(0, steps * stride + reach(slide, axis) - sizes[axis]!);
    return before === Math.floor(total / 2) && after === Math.ceil(total / 2);
  });
}

/** ConvTranspose in TensorFlow.js: spread without padding, then cut, or filled up with zeros by output_padding. */
export const executeConvTranspose: Execute = (context) => {
  const { tf, node, input } = context;
  const x = input(0).channelsLast();
  const w = input(1).plain();
  const sizes = x.shape.slice(1, -1);
  const slide = flatWindow(context, sizes, w.shape.slice(2));
  const extra = inTwo(intsAttribute(node, 'output_padding') ?? sizes.map(() => 0), 0);
  const group = numberAttribute(node, 'group', 1);
  const y = onImages(tf, x, (image) => spread(tf, image, w, slide, extra, group));
  return [channelsLast(tf, withBias(context, y))];
};

function spread(
  tf: TfModule,
  image: TfTensor,
  w: TfTensor,
  slide: FlatWindow,
  extra: readonly [number, number],
  group: number,
): TfTensor {
  const strides: [number, number] = [...slide.strides];
  const perGroup = w.shape[1]!;
  const [batch, ...sizes] = image.shape as [number, number, number, number];
  const whole = strides.map((stride, axis) => stride * (sizes[axis]! - 1) + reach(slide, axis)) as [number, number];
  const images = group === 1 ? [image] : tf.split(image, group, 3);
  const filters = group === 1 ? [w] : tf.split(w, group, 0);
  const parts = images.map((part, i) => {
    const filter = imageFilter(tf, filters[i]!, slide.dilations);
    return tf.conv2dTranspose(
      part as never,
      filter as never,
      [batch, ...whole, perGroup],
      strides,
      'valid',
    ) as TfTensor;
  });
  const full = group === 1 ? parts[0]! : tf.concat(parts, 3);
  const filled = tf.pad(full, [
    [0, 0],
    [0, extra[0]],
    [0, extra[1]],
    [0, 0],
  ]);
  const cut = whole.map((size, axis) => size + extra[axis]! - slide.given[axis]![0] - slide.given[axis]![1]);
  return tf.slice(filled, [0, slide.given[0][0], slide.given[1][0], 0], [batch, ...cut, perGroup * group]);
}

function withBias({ tf, input, has }: ExecuteContext, y: TfTensor): TfTensor {
  return has(2) ? tf.add(y, input(2).plain()) : y;
}
