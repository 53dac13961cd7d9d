import { dataError } from '../../core/errors.ts';
import { summedTo } from '../gradients.ts';
import { type Attributes, describeNode, type GraphNode, int, numberAttribute } from '../graph.ts';
import { plain } from './execution.ts';
import { type Op, required } from './op.ts';

const transposes = (node: GraphNode) =>
  [numberAttribute(node, 'transA', 0) === 1, numberAttribute(node, 'transB', 0) === 1] as const;

/** alpha A' B' + beta C (ONNX Gemm), A' and B' being A and B or their transposes. */
export const gemm: Op = {
  name: 'Gemm',
  infer(context) {
    const [transA, transB] = transposes(context.node);
    const a = required(context, 0);
    const b = required(context, 1);
    if (a.dims.length !== 2 || b.dims.length !== 2)
      throw dataError(
        `${describeNode(context.node)} takes matrices, found [${a.dims.join(', ')}] and [${b.dims.join(', ')}]`,
      );
    const [rows, inner] = transA ? [a.dims[1]!, a.dims[0]!] : [a.dims[0]!, a.dims[1]!];
    const [innerB, columns] = transB ? [b.dims[1]!, b.dims[0]!] : [b.dims[0]!, b.dims[1]!];
    if (typeof inner === 'number' && typeof innerB === 'number' && inner !== innerB)
      throw dataError(`${describeNode(context.node)} multiplies ${inner} columns by ${innerB} rows`);
    return [{ dtype: a.dtype, dims: [rows, columns] }];
  },
  gradient({ node, builder, upstream: [dy], wanted }) {
    const [a, b, c] = node.inputs as [string, string, string | undefined];
    const [transA, transB] = transposes(node);
    const alpha = node.attributes.alpha;
    const multiply = (left: string, transLeft: boolean, right: string, transRight: boolean) => {
      const attributes: Attributes = { transA: int(transLeft ? 1 : 0), transB: int(transRight ? 1 : 0) };
      return builder.node('Gemm', [left, right], alpha === undefined ? attributes : { ...attributes, alpha });
    };
    // dA' = dY B'ᵀ and dB' = A'ᵀ dY; where A is stored transposed, so is its gradient.
    const da = () => (transA ? multiply(b, transB, dy!, true) : multiply(dy!, false, b, !transB));
    const db = () => (transB ? multiply(dy!, true, a, transA) : multiply(a, !transA, dy!, false));
    const dc = (bias: string) => {
      const beta = numberAttribute(node, 'beta', 1);
      const sum = summedTo(builder, dy!, bias);
      return beta === 1 ? sum : builder.node('Mul', [sum, builder.scalar(beta)]);
    };
    return [wanted(0) ? da() : undefined, wanted(1) ? db() : undefined, c && wanted(2) ? dc(c) : undefined];
  },
  execute: (context) => {
    const { tf, node, input, has } = context;
    const alpha = numberAttribute(node, 'alpha', 1);
    const beta = numberAttribute(node, 'beta', 1);
    const product = tf.matMul(input(0).plain(), input(1).plain(), ...transposes(node));
    const scaled = alpha === 1 ? product : tf.mul(product, alpha);
    if (!has(2) || beta === 0) return [plain(tf, scaled)];
    const bias = input(2).plain();
    return [plain(tf, tf.add(scaled, beta === 1 ? bias : tf.mul(bias, beta)))];
  },
};
