import type { GraphNode } from '../graph.ts';
import { abs } from './abs.ts';
import { add } from './add.ts';
import { and } from './and.ts';
import { argMax } from './argMax.ts';
import { averagePool } from './averagePool.ts';
import { batchNormalization } from './batchNormalization.ts';
import { cast } from './cast.ts';
import { clip } from './clip.ts';
import { concat } from './concat.ts';
import { constant } from './constant.ts';
import { constantOfShape } from './constantOfShape.ts';
import { conv } from './conv.ts';
import { convTranspose } from './convTranspose.ts';
import { cumSum } from './cumSum.ts';
import { div } from './div.ts';
import { dropout } from './dropout.ts';
import { equal } from './equal.ts';
import { erf } from './erf.ts';
import { exp } from './exp.ts';
import { expand } from './expand.ts';
import { flatten } from './flatten.ts';
import { gather } from './gather.ts';
import { gatherElements } from './gatherElements.ts';
import { gelu } from './gelu.ts';
import { gemm } from './gemm.ts';
import { globalAveragePool } from './globalAveragePool.ts';
import { greater } from './greater.ts';
import { greaterOrEqual } from './greaterOrEqual.ts';
import { hardSigmoid } from './hardSigmoid.ts';
import { identity } from './identity.ts';
import { layerNormalization } from './layerNormalization.ts';
import { leakyRelu } from './leakyRelu.ts';
import { less } from './less.ts';
import { lessOrEqual } from './lessOrEqual.ts';
import { log } from './log.ts';
import { logSoftmax } from './logSoftmax.ts';
import { matmul } from './matmul.ts';
import { max } from './max.ts';
import { maxPool } from './maxPool.ts';
import { microsoftDomain, microsoftOps } from './microsoft.ts';
import { min } from './min.ts';
import { mul } from './mul.ts';
import { nchwcDomain, nchwcOps } from './nchwc.ts';
import { neg } from './neg.ts';
import { not } from './not.ts';
import type { Op } from './op.ts';
import { or } from './or.ts';
import { pad } from './pad.ts';
import { pow } from './pow.ts';
import { range } from './range.ts';
import { reciprocal } from './reciprocal.ts';
import { reduceMax } from './reduceMax.ts';
import { reduceMean } from './reduceMean.ts';
import { reduceSum } from './reduceSum.ts';
import { reduceSumSquare } from './reduceSumSquare.ts';
import { relu } from './relu.ts';
import { reshape } from './reshape.ts';
import { scatterElements } from './scatterElements.ts';
import { scatterND } from './scatterND.ts';
import { shape } from './shape.ts';
import { sigmoid } from './sigmoid.ts';
import { sign } from './sign.ts';
import { slice } from './slice.ts';
import { softmax } from './softmax.ts';
import { split } from './split.ts';
import { sqrt } from './sqrt.ts';
import { squeeze } from './squeeze.ts';
import { sub } from './sub.ts';
import { tanh } from './tanh.ts';
import { transpose } from './transpose.ts';
import { unsqueeze } from './unsqueeze.ts';
import { where } from './where.ts';

/** Every operator of ONNX's own set that the project knows, by name. */
export const ops: ReadonlyMap<string, Op> = new Map(
  [
    ...[add, sub, mul, div, neg, identity, sqrt, exp, log, erf, cast, where, equal, reciprocal, abs, sign],
    ...[and, or, not, greater, greaterOrEqual, less, lessOrEqual, max, min, constantOfShape, range, cumSum],
    ...[relu, leakyRelu, tanh, sigmoid, gelu, hardSigmoid, softmax, logSoftmax, dropout],
    ...[gemm, matmul, flatten, reshape, transpose, expand, shape, constant],
    ...[conv, convTranspose, batchNormalization, layerNormalization, maxPool, averagePool, globalAveragePool],
    ...[gather, scatterND, concat, split, slice, pad, squeeze, unsqueeze, pow, clip],
    ...[reduceMean, reduceSum, reduceSumSquare, reduceMax, argMax, gatherElements, scatterElements],
  ].map((op) => [op.name, op]),
);

/** What the project knows of the operator of `node`; undefined for one it does not know. */
export function findOp(node: GraphNode): Op | undefined {
  if (node.domain === nchwcDomain) return nchwcOps.get(node.op);
  if (node.domain === microsoftDomain) return microsoftOps.get(node.op);
  return node.domain === '' ? ops.get(node.op) : undefined;
}

/** The names of the operators that `which` holds for, for error messages. */
export function supportedOps(which: (op: Op) => boolean = () => true): string {
  return [...ops.values()]
    .filter(which)
    .map((op) => op.name)
    .sort()
    .join(', ');
}
