import { matmul } from './matmul.ts';
import { type Op, required } from './op.ts';

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

export const microsoftOps: ReadonlyMap<string, Op> = new Map(
  [quantizeLinear, matMulIntegerToFloat].map((op) => [op.name, op]),
);
