import { elementCount, float32 } from '../core/tensor.ts';
import type { GraphBuilder, Group } from './builder.ts';
import { axesButChannels } from './dims.ts';
import { reshaped, summed } from './gradients.ts';
import { float, type GraphNode, numberAttribute } from './graph.ts';
import { defaultEpsilon } from './ops/batchNormalization.ts';

/** The values that running averages take next, by their initialisers; several nodes may move one, in turn. */
export type NextAverages = Map<string, string>;

/** ONNX's and PyTorch's default: a tenth of the way towards the batch. */
const defaultMomentum = 0.9;

/**
 * Adds a BatchNormalization in training form: mean and variance are those of the batch, and the running averages move
 * towards them, the variance unbiased as in PyTorch.
 */
export function addBatchNorm(b: GraphBuilder, node: GraphNode, averages: NextAverages): void {
  const [x, scale, bias] = node.inputs as [string, string, string];
  const dims = b.dims(x);
  const channels = dims[1]!;
  const axes = axesButChannels(dims);
  const count = elementCount(dims) / channels;
  const epsilon = numberAttribute(node, 'epsilon', defaultEpsilon);
  const gradient: Group['gradient'] = ({ upstream: [dy], wanted, outputs }) => {
    const [, , variance, centered] = outputs as [string, string, string, string];
    const [dScale, dBias, dx] = writeGradient(b, { dy: dy!, scale, variance, centered, epsilon });
    return [wanted(0) ? dx : undefined, dScale, dBias];
  };
  const group = { kind: 'BatchNorm', inputs: [x, scale, bias], detail: { epsilon }, gradient };
  const [, mean, variance] = b.group(group, () => {
    const share = b.scalar(1 / count);
    const mean4 = b.node('Mul', [summed(b, x, axes, true), share]);
    const mean = reshaped(b, mean4, [channels]);
    const centered = b.node('Sub', [x, mean4]);
    const variance = b.node('Mul', [summed(b, b.node('Mul', [centered, centered]), axes, false), share]);
    const inputs = [x, scale, bias, mean, variance];
    b.add({ ...node, inputs, outputs: [node.outputs[0]!], attributes: { epsilon: float(epsilon) } });
    return [node.outputs[0]!, mean, variance, centered];
  });

  moveAverages(b, node, { mean, variance, count }, averages);
}

/**
 * Adds a BatchNormalization in eval form whose running averages move all the same, towards the batch that it sees.
 */
export function addObservingBatchNorm(b: GraphBuilder, node: GraphNode, averages: NextAverages): void {
  const [x] = node.inputs as [string];
  const dims = b.dims(x);
  const axes = axesButChannels(dims);
  const count = elementCount(dims) / dims[1]!;
  const meanOf = (value: string) => b.node('Mul', [summed(b, value, axes, false), b.scalar(1 / count)]);
  const mean = meanOf(x);
  const perChannel = dims.map((size, axis) => (axis === 1 ? size : 1));
  const centered = b.node('Sub', [x, reshaped(b, mean, perChannel)]);
  const variance = meanOf(b.node('Mul', [centered, centered]));
  b.add(node);
  moveAverages(b, node, { mean, variance, count }, averages);
}

/** Moves the running averages one step on: towards the mean and the unbiased variance of `count` numbers a channel. */
function moveAverages(
  b: GraphBuilder,
  node: GraphNode,
  batch: { readonly mean: string; readonly variance: string; readonly count: number },
  averages: NextAverages,
): void {
  const [, , , runningMean, runningVariance] = node.inputs as [string, string, string, string, string];
  const kept = numberAttribute(node, 'momentum', defaultMomentum);
  const move = (name: string, towards: string, share: number) => {
    const old = b.node('Mul', [averages.get(name) ?? name, b.scalar(kept)]);
    averages.set(name, b.node('Add', [old, b.node('Mul', [towards, b.scalar(share)])]));
  };
  const unbiased = batch.count / Math.max(1, batch.count - 1);
  move(runningMean, batch.mean, 1 - kept);
  move(runningVariance, batch.variance, (1 - kept) * unbiased);
}

interface GradientValues {
  readonly dy: string;
  readonly scale: string;
  readonly variance: string;
  /** The input minus its mean. */
  readonly centered: string;
  readonly epsilon: number;
}

/** dx = factor (dy - mean(dy) - x̂ mean(dy x̂)), all per channel; x̂ = centered / deviation, factor = scale / deviation. */
function writeGradient(b: GraphBuilder, values: GradientValues): readonly [dScale: string, dBias: string, dx: string] {
  const { dy, scale, variance, centered, epsilon } = values;
  const dims = b.dims(dy);
  const channels = dims[1]!;
  const axes = axesButChannels(dims);
  const perChannel = dims.map((size, axis) => (axis === 1 ? size : 1));
  const group = { kind: 'BatchNormGradient', inputs: [dy, scale, variance, centered], detail: { epsilon } };
  return b.group(group, () => {
    const share = b.scalar(channels / elementCount(dims));
    const deviation = b.node('Sqrt', [b.node('Add', [variance, b.scalar(epsilon)])]);
    const dBias = summed(b, dy, axes, false);
    const dScale = b.node('Div', [summed(b, b.node('Mul', [dy, centered]), axes, false), deviation]);
    const factor = b.node('Div', [scale, deviation]);
    const shift = b.node('Neg', [b.node('Mul', [b.node('Mul', [factor, dBias]), share])]);
    const slope = b.node('Neg', [b.node('Div', [b.node('Mul', [b.node('Mul', [factor, dScale]), share]), deviation])]);
    // BatchNormalization is ONNX's one operator for slope x + shift per channel in a single pass.
    const zeros = b.constant(float32(new Float32Array(channels)));
    const ones = b.constant(float32(new Float32Array(channels).fill(1)));
    const rest = b.node('BatchNormalization', [centered, slope, shift, zeros, ones], { epsilon: float(0) });
    return [dScale, dBias, b.node('Add', [b.node('Mul', [dy, reshaped(b, factor, perChannel)]), rest])];
  });
}
