import { numberAttribute } from '../graph.ts';
import { matmul } from './matmul.ts';
import { type Op, required, sameAsInput } from './op.ts';
import { slidSizes, windowOf } from './slidingWindow.ts';

/** ONNX Runtime's own operators that quantised graphs are written with (onnxruntime/docs/ContribOperators.md). */
export const microsoftDomain = 'com.microsoft';

/** round(x / scale) + zero point, limited to the type of the zero point; uint8 and 0 where that is left out. */
const quantizeLinear: Op = {
  name: 'QuantizeLinear',
  infer: (context) => [{ dtype: context.inputs[2]?.dtype ?? 'uint8', dims: required(context, 0).dims }],
};

/** (A - its zero point) (B - its zero point) times both scales plus a bias: whole numbers in, float32 out. */
const matMulIntegerToFloat: Op = {
  name: 'MatMulIntegerToFloat',
  infer: (context) => matmul.infer(context).map(({ dims }) => ({ dtype: 'float32', dims })),
};

const dequantizeLinear: Op = {
  name: 'DequantizeLinear',
  infer: (context) => [{ dtype: 'float32', dims: required(context, 0).dims }],
};

/** A convolution of whole numbers [N, H, W, C] by filters [O, I, H, W], which rounds its result to 8 bits again. */
const qLinearConv: Op = {
  name: 'QLinearConv',
  infer(context) {
    const { dims, dtype } = required(context, 0);
    const filters = required(context, 3).dims;
    const sizes = dims.slice(1, -1);
    const slide = windowOf(context.node, sizes, filters.slice(2).map(Number));
    return [{ dtype, dims: [dims[0]!, ...slidSizes(context.node, sizes, slide), filters[0]!] }];
  },
};

const nhwcMaxPool: Op = {
  name: 'NhwcMaxPool',
  infer(context) {
    const { dims, dtype } = required(context, 0);
    const sizes = dims.slice(1, -1);
    return [
      { dtype, dims: [dims[0]!, ...slidSizes(context.node, sizes, windowOf(context.node, sizes)), dims.at(-1)!] },
    ];
  },
};

/** A B + C in 8 bits, or A Bᵀ + C by transB: A, B and C are inputs 0, 3 and 6. */
const qGemm: Op = {
  name: 'QGemm',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const axis = numberAttribute(context.node, 'transB', 0) === 1 ? 0 : 1;
    return [{ dtype, dims: [dims[0]!, required(context, 3).dims[axis]!] }];
  },
};

export const microsoftOps: ReadonlyMap<string, Op> = new Map(
  [
    ...[quantizeLinear, dequantizeLinear, matMulIntegerToFloat, qLinearConv, nhwcMaxPool, qGemm],
    { name: 'QLinearAdd', infer: sameAsInput },
  ].map((op) => [op.name, op]),
);
