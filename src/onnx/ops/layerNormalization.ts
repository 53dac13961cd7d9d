import { elementCount } from '../../core/tensor.ts';
import { positiveAxis } from '../dims.ts';
import { summed, summedTo } from '../gradients.ts';
import { numberAttribute } from '../graph.ts';
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
    const centered = b.node('Sub', [x, mean(x)]);
    const variance = mean(b.node('Mul', [centered, centered]));
    const epsilon = b.scalar(numberAttribute(node, 'epsilon', 1e-5));
    const inverse = b.node('Div', [b.scalar(1), b.node('Sqrt', [b.node('Add', [variance, epsilon])])]);
    const normalised = b.node('Mul', [centered, inverse]);
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
};
