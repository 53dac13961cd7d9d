import type { TfModule, TfTensor } from '../../onnx/ops/execution.ts';
import { spreadAlong } from '../../onnx/ops/tfWindow.ts';

/**
 * The WebAssembly backend of TensorFlow.js 4.22 lacks gradients of convolutions, and its gradient of max pooling is wrong where
 * a window holds only negative numbers. Registers kernels made of operators that it has. Also, its product of matrices is
 * several times slower where one is to be taken transposed: that is turned first.
 */
export function repairWasm(tf: TfModule): void {
  for (const [name, kernel] of Object.entries(kernels)) {
    if (tf.getKernel(name, 'wasm') !== undefined) tf.unregisterKernel(name, 'wasm');
    tf.registerKernel({
      kernelName: name,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) => tf.tidy(() => kernel(tf, inputs as Tensors, attrs as never)),
    });
  }
  turnBeforeProducts(tf);
}

type Tensors = Readonly<Record<string, TfTensor>>;
type Shape4 = [number, number, number, number];

/** How TensorFlow.js describes a window; which of the rest is there depends on the kernel. */
interface Attributes {
  readonly strides: [number, number] | number;
  readonly pad: 'same' | 'valid' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterShape: Shape4;
  readonly inputShape: Shape4;
  readonly filterSize: [number, number] | number;
}

const kernels: Readonly<Record<string, (tf: TfModule, inputs: Tensors, attributes: Attributes) => TfTensor>> = {
  /** Patches as rows, their transpose by the upstream gradient. */
  Conv2DBackpropFilter(tf, { x, dy }, { strides, pad, filterShape }) {
    const slide = slideOf(tf, x!.shape as Shape4, filterShape, strides, pad);
    const padded = padImage(tf, x!, slide, 0);
    const patches = tf.concat(
      slide.cells.map((cell) => cut(tf, padded, slide, cell)),
      3,
    );
    const rows = tf.reshape(patches, [-1, slide.cells.length * filterShape[2]]);
    return tf.reshape(tf.matMul(rows, tf.reshape(dy!, [-1, filterShape[3]]), true, false), filterShape);
  },

  DepthwiseConv2dNativeBackpropFilter(tf, { x, dy }, { strides, pad, filterShape }) {
    const slide = slideOf(tf, x!.shape as Shape4, filterShape, strides, pad);
    const padded = padImage(tf, x!, slide, 0);
    const [, , channels, multiplier] = filterShape;
    const upstream = tf.reshape(dy!, [-1, channels, multiplier]);
    const sums = slide.cells.map((cell) => {
      const patch = tf.reshape(cut(tf, padded, slide, cell), [-1, channels, 1]);
      return tf.sum(tf.mul(patch, upstream), 0);
    });
    return tf.reshape(tf.stack(sums), filterShape);
  },

  DepthwiseConv2dNativeBackpropInput(tf, { dy, filter }, { strides, pad, inputShape }) {
    const filterShape = filter!.shape as Shape4;
    const slide = slideOf(tf, inputShape, filterShape, strides, pad);
    const [, , channels, multiplier] = filterShape;
    const upstream = tf.reshape(dy!, [-1, channels, multiplier]);
    const shares = slide.cells.map(([row, column]) => {
      const weights = tf.reshape(tf.slice(filter!, [row, column, 0, 0], [1, 1, -1, -1]), [1, channels, multiplier]);
      return tf.reshape(tf.sum(tf.mul(upstream, weights), 2), slide.slid);
    });
    return putBack(tf, shares, slide);
  },

  /** The first of the largest gets the gradient, as on the other backends. */
  MaxPoolGrad(tf, { dy, input, output }, { filterSize, strides, pad }) {
    const [rows, columns] = typeof filterSize === 'number' ? [filterSize, filterSize] : filterSize;
    const shape = input!.shape as Shape4;
    const slide = slideOf(tf, shape, [rows, columns, shape[3], shape[3]], strides, pad);
    const padded = padImage(tf, input!, slide, Number.NEGATIVE_INFINITY);
    let left = dy!;
    const shares = slide.cells.map((cell) => {
      const wins = tf.cast(tf.equal(cut(tf, padded, slide, cell), output!), 'float32');
      const share = tf.mul(wins, left);
      left = tf.sub(left, share);
      return share;
    });
    return putBack(tf, shares, slide);
  },
};

/** A window over an image, with what TensorFlow.js makes of its padding. */
interface Slide {
  readonly image: Shape4;
  readonly slid: Shape4;
  readonly strides: readonly [number, number];
  readonly before: readonly [number, number];
  /** Sizes of the padded image that windows reach. */
  readonly reached: readonly [number, number];
  /** All positions in the window, row by row. */
  readonly cells: readonly (readonly [number, number])[];
}

function slideOf(
  tf: TfModule,
  image: Shape4,
  filter: Shape4,
  strides: [number, number] | number,
  pad: Attributes['pad'],
): Slide {
  const info = tf.backend_util.computeConv2DInfo(image, filter, strides, 1, pad);
  const [rows, columns] = filter;
  return {
    image,
    slid: [image[0], info.outHeight, info.outWidth, image[3]],
    strides: [info.strideHeight, info.strideWidth],
    before: [info.padInfo.top, info.padInfo.left],
    reached: [(info.outHeight - 1) * info.strideHeight + rows, (info.outWidth - 1) * info.strideWidth + columns],
    cells: Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns] as const),
  };
}

/** The image with what windows reach around it, and without what they do not. */
function padImage(tf: TfModule, image: TfTensor, { reached, before }: Slide, fill: number): TfTensor {
  const [batch, rows, columns, channels] = image.shape as Shape4;
  const around = [rows, columns].map((size, axis): [number, number] => [
    before[axis]!,
    Math.max(0, reached[axis]! - size - before[axis]!),
  ]);
  const padded = tf.pad(image, [[0, 0], around[0]!, around[1]!, [0, 0]], fill);
  return tf.slice(padded, [0, 0, 0, 0], [batch, reached[0], reached[1], channels]);
}

/** What one cell of the window meets, of the shape of the output. */
function cut(
  tf: TfModule,
  padded: TfTensor,
  { strides, slid }: Slide,
  [row, column]: readonly [number, number],
): TfTensor {
  const [batch, , , channels] = padded.shape as Shape4;
  const ends = [row + strides[0] * (slid[1] - 1) + 1, column + strides[1] * (slid[2] - 1) + 1] as const;
  return tf.stridedSlice(padded, [0, row, column, 0], [batch, ends[0], ends[1], channels], [1, ...strides, 1]);
}

/** The sum of what each cell of the window gives to the places it met. */
function putBack(tf: TfModule, shares: readonly TfTensor[], slide: Slide): TfTensor {
  const { image, before, reached, cells, strides } = slide;
  const sum = shares
    .map((share, i) => {
      const apart = spreadAlong(tf, spreadAlong(tf, share, strides[0], 1), strides[1], 2);
      const [row, column] = cells[i]!;
      const [, rows, columns] = apart.shape as Shape4;
      return tf.pad(apart, [
        [0, 0],
        [row, reached[0] - rows - row],
        [column, reached[1] - columns - column],
        [0, 0],
      ]);
    })
    .reduce((total, part) => tf.add(total, part));
  const after = [0, 1].map((axis) => Math.max(0, image[axis + 1]! + before[axis]! - reached[axis]!));
  const whole = tf.pad(sum, [
    [0, 0],
    [0, after[0]!],
    [0, after[1]!],
    [0, 0],
  ]);
  return tf.slice(whole, [0, before[0], before[1], 0], image);
}

function turnBeforeProducts(tf: TfModule): void {
  const own = tf.getKernel('BatchMatMul', 'wasm');
  tf.unregisterKernel('BatchMatMul', 'wasm');
  tf.registerKernel({
    ...own,
    kernelFunc({ inputs, backend, attrs }) {
      const { a, b } = inputs as Tensors;
      const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
      const turned = { a: transposeA ? lastTwoSwapped(tf, a!) : a!, b: transposeB ? lastTwoSwapped(tf, b!) : b! };
      const product = own.kernelFunc({
        inputs: turned,
        backend,
        attrs: { ...attrs, transposeA: false, transposeB: false },
      });
      if (transposeA) turned.a.dispose();
      if (transposeB) turned.b.dispose();
      return product;
    },
  });
}

function lastTwoSwapped(tf: TfModule, x: TfTensor): TfTensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
