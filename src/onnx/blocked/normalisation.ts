import { elementCount } from '../../core/tensor.ts';
import type { GraphBuilder, Step } from '../builder.ts';
import { numberAttribute } from '../graph.ts';
import { defaultEpsilon } from '../ops/batchNormalization.ts';
import type { Lowering, Pending } from './lowering.ts';
import { writeAffine, writeChannelMeans, writeChannelProducts } from './write.ts';

/** A value whose channels fill whole blocks and whose sizes are known. */
export function canBeBlocked({ dims, block }: Lowering, value: string): boolean {
  const given = dims(value);
  return given.length === 4 && given.every((size) => typeof size === 'number') && Number(given[1]) % block === 0;
}

function affine(b: GraphBuilder, x: string, scale: string, shift: string): Pending {
  return { write: ({ sum, relu }) => writeAffine(b, x, { scale, shift, sum, relu }), takesSum: true };
}

/** The deviation of each channel, [C]. */
function deviationOf(b: GraphBuilder, variance: string, epsilon: number): string {
  return b.node('Sqrt', [b.node('Add', [variance, b.scalar(epsilon)])]);
}

/** Batch normalisation in training form: two passes for the statistics, one to centre, one that a ReLU or a sum may join. */
export function lowerBatchNorm({ inputs, outputs, detail }: Step, lowering: Lowering): boolean {
  const { b } = lowering;
  const [x, scale, bias] = inputs as [string, string, string];
  if (!canBeBlocked(lowering, x)) return false;
  const { epsilon } = detail as { epsilon: number };
  const [y, meanName, varianceName, centeredName] = outputs as [string, string, string, string];
  const dims = lowering.dims(x) as number[];
  const from = lowering.in(x, 'blocked');
  const mean = writeChannelMeans(b, from);
  const centered = writeAffine(b, from, { shift: b.node('Neg', [mean]) });
  const share = b.scalar(dims[1]! / elementCount(dims));
  const variance = b.node('Mul', [writeChannelProducts(b, centered, centered), share]);
  const factor = b.node('Div', [lowering.in(scale, 'plain'), deviationOf(b, variance, epsilon)]);
  lowering.put(meanName, 'plain', mean);
  lowering.put(varianceName, 'plain', variance);
  lowering.put(centeredName, 'blocked', centered);
  lowering.putPending(y, affine(b, centered, factor, lowering.in(bias, 'plain')));
  return true;
}

/** Its gradient: two passes for the sums, two for dx = factor (dy - mean(dy) - x̂ mean(dy x̂)). */
export function lowerBatchNormGradient({ inputs, outputs, detail }: Step, lowering: Lowering): boolean {
  const { b } = lowering;
  const [dyName, scale, variance, centeredName] = inputs as [string, string, string, string];
  if (!canBeBlocked(lowering, centeredName)) return false;
  const { epsilon } = detail as { epsilon: number };
  const dims = lowering.dims(centeredName) as number[];
  const cells = b.scalar(elementCount(dims) / dims[1]!);
  const [dy, centered] = [lowering.in(dyName, 'blocked'), lowering.in(centeredName, 'blocked')];
  const deviation = deviationOf(b, lowering.in(variance, 'plain'), epsilon);
  const meanOfDy = writeChannelMeans(b, dy);
  const dScale = b.node('Div', [writeChannelProducts(b, dy, centered), deviation]);
  const factor = b.node('Div', [lowering.in(scale, 'plain'), deviation]);
  const shift = b.node('Neg', [b.node('Mul', [factor, meanOfDy])]);
  const slope = b.node('Neg', [b.node('Div', [b.node('Div', [b.node('Mul', [factor, dScale]), cells]), deviation])]);
  const scaledDy = writeAffine(b, dy, { scale: factor });
  const [dScaleName, dBiasName, dxName] = outputs as [string, string, string];
  lowering.put(dScaleName, 'plain', dScale);
  lowering.put(dBiasName, 'plain', b.node('Mul', [meanOfDy, cells]));
  lowering.put(dxName, 'blocked', writeAffine(b, centered, { scale: slope, shift, sum: scaledDy }));
  return true;
}

/** Batch normalisation in eval form: folded into the convolution before it, or a pass of its own. */
export function lowerBatchNormalization({ inputs, outputs, nodes }: Step, lowering: Lowering): boolean {
  const { b } = lowering;
  const [x, ...rest] = inputs as [string, string, string, string, string];
  const pending = lowering.pending(x);
  if (pending?.scaled === undefined && !lowering.layouts(x).includes('blocked')) return false;
  const [scale, bias, mean, variance] = rest.map((value) => lowering.in(value, 'plain')) as [
    string,
    string,
    string,
    string,
  ];
  const epsilon = numberAttribute(nodes[0]!, 'epsilon', defaultEpsilon);
  const factor = b.node('Div', [scale, deviationOf(b, variance, epsilon)]);
  const shift = b.node('Sub', [bias, b.node('Mul', [mean, factor])]);
  const joined = pending?.scaled?.(factor, shift) ?? affine(b, lowering.in(x, 'blocked'), factor, shift);
  lowering.putPending(outputs[0]!, joined);
  return true;
}
