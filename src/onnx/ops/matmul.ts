import { dataError } from '../../core/errors.ts';
import { broadcastDims } from '../dims.ts';
import { reshaped, summedTo, transposed } from '../gradients.ts';
import { describeNode } from '../graph.ts';
import { broadcast, plain, type TfModule, type TfTensor } from './execution.ts';
import { type Op, required } from './op.ts';

/** Matrix product with broadcasting over leading axes, as NumPy's matmul (ONNX MatMul). */
export const matmul: Op = {
  name: 'MatMul',
  infer(context) {
    const a = required(context, 0);
    const b = required(context, 1);
    const what = describeNode(context.node);
    if (a.dims.length === 0 || b.dims.length === 0)
      throw dataError(`${what} takes vectors or matrices, found a scalar`);
    const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
    const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
    const inner = left.at(-1)!;
    const innerB = right.at(-2)!;
    if (typeof inner === 'number' && typeof innerB === 'number' && inner !== innerB)
      throw dataError(`${what} multiplies ${inner} columns by ${innerB} rows`);
    const batch = broadcastDims(left.slice(0, -2), right.slice(0, -2), what);
    const rows = a.dims.length === 1 ? [] : [left.at(-2)!];
    const columns = b.dims.length === 1 ? [] : [right.at(-1)!];
    return [{ dtype: a.dtype, dims: [...batch, ...rows, ...columns] }];
  },
  gradient({ node, builder, upstream: [dy], wanted }) {
    const [a, b] = node.inputs as [string, string];
    const dimsA = builder.dims(a);
    const dimsB = builder.dims(b);
    // Vectors become matrices for the time of the gradient, so that one rule serves all ranks.
    const matrixA = dimsA.length === 1 ? reshaped(builder, a, [1, ...dimsA]) : a;
    const matrixB = dimsB.length === 1 ? reshaped(builder, b, [...dimsB, 1]) : b;
    const rows = dimsA.length === 1 ? 1 : dimsA.at(-2)!;
    const columns = dimsB.length === 1 ? 1 : dimsB.at(-1)!;
    const batch = builder
      .dims(dy!)
      .slice(0, builder.dims(dy!).length - Number(dimsA.length > 1) - Number(dimsB.length > 1));
    const upstream = reshaped(builder, dy!, [...batch, rows, columns]);
    const da = () => summedTo(builder, builder.node('MatMul', [upstream, transposed(builder, matrixB)]), matrixA);
    const db = () => summedTo(builder, builder.node('MatMul', [transposed(builder, matrixA), upstream]), matrixB);
    return [
      wanted(0) ? reshaped(builder, da(), dimsA) : undefined,
      wanted(1) ? reshaped(builder, db(), dimsB) : undefined,
    ];
  },
  execute: ({ tf, input }) => {
    const [a, b] = [input(0).plain(), input(1).plain()];
    const left = a.rank === 1 ? tf.reshape(a, [1, ...a.shape]) : a;
    const right = b.rank === 1 ? tf.reshape(b, [...b.shape, 1]) : b;
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
    const rows = a.rank === 1 ? [] : left.shape.slice(-2, -1);
    const columns = b.rank === 1 ? [] : right.shape.slice(-1);
    return [plain(tf, tf.reshape(batchedProduct(tf, left, right, batch), [...batch, ...rows, ...columns]))];
  },
};

/** Products of matrices; TensorFlow.js has no gradient for batches that it broadcasts itself. */
function batchedProduct(tf: TfModule, a: TfTensor, b: TfTensor, batch: readonly number[]): TfTensor {
  // One matrix for all: the rows of the batch are those of one tall matrix.
  if (b.rank === 2) return tf.matMul(tf.reshape(a, [-1, a.shape.at(-1)!]), b);
  const stretched = (x: TfTensor) => broadcast(tf, x, [...batch, ...x.shape.slice(-2)]);
  return tf.matMul(stretched(a), stretched(b));
}
