import { dataError } from '../../core/errors.ts';
import { int64 } from '../../core/tensor.ts';
import { describeNode } from '../graph.ts';
import { plain } from './execution.ts';
import { type InferContext, type Op, required } from './op.ts';
import { longestKnown } from './sizes.ts';

/** start, start + delta, … below limit (ONNX Range, opset 11): all three have to be known before the graph runs. */
export const range: Op = {
  name: 'Range',
  infer(context) {
    const { start, limit, delta } = boundsOf(context);
    return [{ dtype: required(context, 0).dtype, dims: [Math.max(0, Math.ceil((limit - start) / delta))] }];
  },
  evaluate(context) {
    const { start, delta } = boundsOf(context);
    const [type] = range.infer(context);
    const count = Number(type!.dims[0]);
    if (type!.dtype !== 'int64' || count > longestKnown) return undefined;
    return int64(Array.from({ length: count }, (_, i) => start + i * delta));
  },
  execute: (context) => {
    const { tf, input, constant } = context;
    const [start, limit, delta] = [0, 1, 2].map((index) => Number(constant(index)!.data[0])) as [
      number,
      number,
      number,
    ];
    const isWhole = input(0).plain().dtype === 'int32';
    return [plain(tf, tf.range(start, limit, delta, isWhole ? 'int32' : 'float32'))];
  },
};

function boundsOf(context: InferContext) {
  const [start, limit, delta] = [0, 1, 2].map((index) => {
    const value = context.constant(index);
    if (value === undefined)
      throw dataError(`${describeNode(context.node)} computes its bounds while it runs, expected constants`);
    return Number(value.data[0]);
  });
  return { start: start!, limit: limit!, delta: delta! };
}
