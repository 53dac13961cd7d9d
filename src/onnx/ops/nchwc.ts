import { type InferContext, type Op, required, sameAsInput } from './op.ts';
import { slidSizes, windowOf } from './slidingWindow.ts';

/**
 * ONNX Runtime's operators on blocked activations (domain com.microsoft.nchwc): [N, C, H, W] by its shape, in memory
 * [N, C / block, H, W, block]. They are not documented; onnxruntime/core/graph/contrib_ops/nchwc_schema_defs.cc names them.
 */
export const nchwcDomain = 'com.microsoft.nchwc';

const conv: Op = {
  name: 'Conv',
  infer(context) {
    const x = required(context, 0);
    const w = required(context, 1);
    const sizes = x.dims.slice(2);
    const slide = windowOf(context.node, sizes, w.dims.slice(2).map(Number));
    return [{ dtype: x.dtype, dims: [x.dims[0]!, w.dims[0]!, ...slidSizes(context.node, sizes, slide)] }];
  },
};

const maxPool: Op = {
  name: 'MaxPool',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const sizes = dims.slice(2);
    return [{ dtype, dims: [...dims.slice(0, 2), ...slidSizes(context.node, sizes, windowOf(context.node, sizes))] }];
  },
};

const globalAveragePool: Op = {
  name: 'GlobalAveragePool',
  infer(context: InferContext) {
    const { dtype, dims } = required(context, 0);
    return [{ dtype, dims: dims.map((dim, axis) => (axis < 2 ? dim : 1)) }];
  },
};

/** Every operator of the domain that the project writes, by name. */
export const nchwcOps: ReadonlyMap<string, Op> = new Map(
  [
    conv,
    maxPool,
    globalAveragePool,
    { name: 'ReorderInput', infer: sameAsInput },
    { name: 'ReorderOutput', infer: sameAsInput },
  ].map((op) => [op.name, op]),
);
