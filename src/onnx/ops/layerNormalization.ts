import { elementCount, float32 } from '../../core/tensor.ts';
import { positiveAxis } from '../dims.ts';
import { summed, summedTo } from '../gradients.ts';
import { numberAttribute } from '../graph.ts';
import { plain } from './execution.ts';
import { type InferContext, type Op, required } from './op.ts';

function firstAxis(context: Pick<InferContext, 'node'>, rank: number): number {
  return positiveAxis(numberAttribute(context.node, 'axis', -1), rank);
}

/** (x - mean) / sqrt(variance + epsilon) over the axes from `axis` on, times scale, plus bias (ONNX, opset 17). */
export const layerNormalization: Op = {
  name: 'LayerNormalization',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const axis = firstAxis(context, dims.length);
    const statistics = { dtype, dims: dims.map((dim, i) => (i < axis ? dim : 1)) };
    return [{ dtype, dims }, statistics, statistics];
  },
  // With x̂ the normalised input and g = dy scale: dx = (g - mean(g) - x̂ mean(g x̂)) / deviation.
  gradient({ node, builder: b, upstream: [dy], wanted }) {
    const [x, scale, bias] = node.inputs as [string, string, string | undefined];
    const dims = b.dims(x);
    const axis = firstAxis({ node }, dims.length);
    const axes = dims.map((_, i) => i).slice(axis);
    const share = b.scalar(1 / elementCount(dims.slice(axis)));
    const mean = (value: string) => b.node('Mul', [summed(b, value, axes, true), share]);
    // Without scale and bias the operator itself gives x̂, and one over the deviation besides.
    const ones = b.constant(float32(new Float32Array(elementCount(dims.slice(axis))).fill(1), dims.slice(axis)));
    const outputs = ['normalised', 'mean', 'inverse'].map((output) => `${node.outputs[0]}/${output}`);
    b.add({ ...node, name: outputs[0]!, inputs: [x, ones], outputs });
    const [normalised, , inverse] = outputs as [string, string, string];
    const byInput = () => {
      const g = b.node('Mul', [dy!, scale]);
      const along = b.node('Mul', [normalised, mean(b.node('Mul', [g, normalised]))]);
      return b.node('Mul', [b.node('Sub', [b.node('Sub', [g, mean(g)]), along]), inverse]);
    };
    return [
      wanted(0) ? byInput() : undefined,
      wanted(1) ? summedTo(b, b.node('Mul', [dy!, normalised]), scale) : undefined,
      bias && wanted(2) ? summedTo(b, dy!, bias) : undefined,
    ];
  },
  execute: (context) => {
    const { tf, node, input, has } = context;
    const x = input(0).plain();
    const axes = x.shape.map((_, i) => i).slice(firstAxis(context, x.rank));
    const mean = tf.mean(x, axes, true);
    const centered = tf.sub(x, mean);
    const variance = tf.mean(tf.mul(centered, centered), axes, true);
    const inverse = tf.div(1, tf.sqrt(tf.add(variance, numberAttribute(node, 'epsilon', 1e-5))));
    const scaled = tf.mul(tf.mul(centered, inverse), input(1).plain());
    const y = has(2) ? tf.add(scaled, input(2).plain()) : scaled;
    return [y, mean, inverse].map((tensor) => plain(tf, tensor));
  },
};
