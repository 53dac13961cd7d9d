import type { GraphBuilder } from '../builder.ts';
import { axesButChannels } from '../dims.ts';
import { reshaped, summed } from '../gradients.ts';
import { numberAttribute } from '../graph.ts';
import { channelsLast, type TfTensor } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** ONNX's default. */
export const defaultEpsilon = 1e-5;

/**
 * scale (x - mean) / sqrt(variance + epsilon) + bias for each channel (ONNX BatchNormalization, training_mode 0). The training
 * form computes mean and variance from the batch and feeds them in, so this one gradient serves both.
 */
export const batchNormalization: Op = {
  name: 'BatchNormalization',
  infer: sameAsInput,
  gradient({ node, builder: b, upstream: [dy], wanted }) {
    const [x, scale, , mean, variance] = node.inputs as [string, string, string, string, string];
    const dims = b.dims(x);
    const axes = axesButChannels(dims);
    const perChannel = (value: string) =>
      reshaped(
        b,
        value,
        dims.map((size, axis) => (axis === 1 ? size : 1)),
      );
    const inverse = inverseDeviation(b, variance, numberAttribute(node, 'epsilon', defaultEpsilon));
    const factor = b.node('Mul', [scale, inverse]);
    const dBias = summed(b, dy!, axes, false);
    // sum(dy (x - mean)), of which the gradients by scale and variance are multiples.
    const dCentered = () => summed(b, b.node('Mul', [dy!, b.node('Sub', [x, perChannel(mean)])]), axes, false);
    const needed = wanted(1) || wanted(4) ? dCentered() : '';
    const byVariance = () => {
      const cube = b.node('Mul', [inverse, b.node('Mul', [inverse, b.scalar(-0.5)])]);
      return b.node('Mul', [b.node('Mul', [needed, factor]), cube]);
    };
    return [
      wanted(0) ? b.node('Mul', [dy!, perChannel(factor)]) : undefined,
      wanted(1) ? b.node('Mul', [needed, inverse]) : undefined,
      wanted(2) ? dBias : undefined,
      wanted(3) ? b.node('Neg', [b.node('Mul', [dBias, factor])]) : undefined,
      wanted(4) ? byVariance() : undefined,
    ];
  },
  execute: ({ tf, node, input }) => {
    const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => input(index).plain()) as [
      TfTensor,
      TfTensor,
      TfTensor,
      TfTensor,
    ];
    const epsilon = numberAttribute(node, 'epsilon', defaultEpsilon);
    const factor = tf.div(scale, tf.sqrt(tf.add(variance, epsilon)));
    const shift = tf.sub(bias, tf.mul(mean, factor));
    return [channelsLast(tf, tf.add(tf.mul(input(0).channelsLast(), factor), shift))];
  },
};

function inverseDeviation(b: GraphBuilder, variance: string, epsilon: number): string {
  return b.node('Div', [b.scalar(1), b.node('Sqrt', [b.node('Add', [variance, b.scalar(epsilon)])])]);
}
