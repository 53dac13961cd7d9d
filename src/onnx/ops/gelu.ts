import type { GraphBuilder } from '../builder.ts';
import { stringAttribute } from '../graph.ts';
import { executesUnary } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** x Φ(x), or its tanh approximation (ONNX Gelu, opset 20). */
export const gelu: Op = {
  name: 'Gelu',
  infer: sameAsInput,
  gradient({ node, builder, upstream: [dy] }) {
    const x = node.inputs[0]!;
    const slope = stringAttribute(node, 'approximate', 'none') === 'tanh' ? tanhSlope(builder, x) : slopeOf(builder, x);
    return [builder.node('Mul', [dy!, slope])];
  },
  execute: executesUnary((tf, x, { node }) => {
    const argument = () => tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x)))));
    const isTanh = stringAttribute(node, 'approximate', 'none') === 'tanh';
    const part = isTanh ? tf.tanh(argument()) : tf.erf(tf.mul(x, Math.SQRT1_2));
    return tf.mul(tf.mul(x, 0.5), tf.add(part, 1));
  }),
};

/** Φ(x) + x φ(x). */
function slopeOf(b: GraphBuilder, x: string): string {
  const phi = b.node('Erf', [b.node('Mul', [x, b.scalar(Math.SQRT1_2)])]);
  const normal = b.node('Mul', [b.node('Add', [phi, b.scalar(1)]), b.scalar(0.5)]);
  const exponent = b.node('Mul', [b.node('Mul', [x, x]), b.scalar(-0.5)]);
  const density = b.node('Mul', [b.node('Exp', [exponent]), b.scalar(1 / Math.sqrt(2 * Math.PI))]);
  return b.node('Add', [normal, b.node('Mul', [x, density])]);
}

/** The derivative of x (1 + t) / 2 with t = tanh(u), u = sqrt(2/π) (x + 0.044715 x³). */
function tanhSlope(b: GraphBuilder, x: string): string {
  const scale = Math.sqrt(2 / Math.PI);
  const square = b.node('Mul', [x, x]);
  const cubic = b.node('Add', [b.node('Mul', [square, b.scalar(0.044715)]), b.scalar(1)]);
  const t = b.node('Tanh', [b.node('Mul', [b.node('Mul', [x, cubic]), b.scalar(scale)])]);
  const du = b.node('Add', [b.node('Mul', [square, b.scalar(3 * 0.044715 * scale)]), b.scalar(scale)]);
  const dt = b.node('Mul', [b.node('Sub', [b.scalar(1), b.node('Mul', [t, t])]), du]);
  const half = b.node('Mul', [b.node('Add', [t, b.scalar(1)]), b.scalar(0.5)]);
  return b.node('Add', [half, b.node('Mul', [b.node('Mul', [x, b.scalar(0.5)]), dt])]);
}
