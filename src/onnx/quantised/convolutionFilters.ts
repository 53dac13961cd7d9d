import type { Tensor } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import { int, numberAttribute } from '../graph.ts';
import { defaultEpsilon } from '../ops/batchNormalization.ts';
import { microsoftDomain } from '../ops/microsoft.ts';
import { elementTypeOf } from '../tensorProto.ts';
import type { ConvUnit } from './convolutionPlan.ts';
import { writeMost } from './convolutionRanges.ts';

/** Filters in 8 bits as values of a graph. */
export interface QuantisedFilters {
  /** int8 [O, I, H, W]. */
  readonly values: string;
  /** float32 [O]. */
  readonly scales: string;
  /** int32 [O], in units of the scales of input and filters. */
  readonly bias: string;
  /** A zero, or NaN where a number of the filters or the bias is not finite. */
  readonly nought: string;
}

/** So that no scale is 0; beside any other it is lost in rounding. */
const almostNothing = 1e-30;
/** The least scale of a filter by its bias: numbers so far below are lost beside it. */
const leastByBias = 2 ** -20;
/** The largest bias in units of both scales, half of what 32 bits hold. */
const mostBias = 2 ** 30;

/**
 * Writes the rounding of the filters of a convolution to 8 bits, -`largest` … `largest`, with one scale for each output channel, and of its
 * bias, both after batch normalisation by the running statistics: computed as the graph runs where weights are inputs.
 * `scale` is the scale of what is convolved.
 */
export function writeFilters(b: GraphBuilder, unit: ConvUnit, scale: string, largest: number): QuantisedFilters {
  const [channels, ...window] = unit.dims;
  const { rows, bias } = folded(b, unit);
  const most = writeMost(b, b.node('Abs', [rows]), 1, true);
  const bySize = b.node('Mul', [most, b.scalar(1 / largest)]);
  // A filter far smaller than its bias would have a bias that 32 bits do not hold. The scale of activations, which is not known
  // before, is left out of this, so that filters that are constant stay so.
  const byBias = b.node('Mul', [b.node('Abs', [bias]), b.scalar(leastByBias)]);
  const column = b.node('Reshape', [byBias, b.int64([channels, 1])]);
  const scales = b.node('Add', [b.node('Max', [bySize, column]), b.scalar(almostNothing)]);
  // The kernel for one scale is several times as fast as that for one each.
  const zero = b.constant({ dtype: 'int8', dims: [], data: Int8Array.of(0) });
  const divided = b.node('Div', [rows, scales]);
  const values = b.node('QuantizeLinear', [divided, b.scalar(1), zero], {}, { domain: microsoftDomain });
  const flat = b.node('Reshape', [scales, b.int64([channels])]);
  const units = b.node('Div', [bias, b.node('Mul', [flat, scale])]);
  const limited = b.node('Clip', [units, b.scalar(-mostBias), b.scalar(mostBias)]);
  const sum = b.node('Add', [writeNought(b, rows), writeNought(b, bias)]);
  return {
    values: b.node('Reshape', [values, b.int64([channels, ...window])]),
    scales: flat,
    // What is cut off behind the point is far below what rounding the result does.
    bias: b.node('Cast', [limited], { to: int(elementTypeOf('int32')) }),
    nought: sum,
  };
}

/** The filters as rows [O, I H W] and the bias [O], with batch normalisation folded in. */
function folded(b: GraphBuilder, { w, dims, bias, norm }: ConvUnit): { rows: string; bias: string } {
  const [channels] = dims;
  const rows = b.node('Reshape', [w, b.int64([channels, -1])]);
  const own = bias || b.constant(zeros(channels));
  if (norm === undefined) return { rows, bias: own };
  const [, gamma, beta, mean, variance] = norm.inputs as [string, string, string, string, string];
  const epsilon = numberAttribute(norm, 'epsilon', defaultEpsilon);
  const factor = b.node('Div', [gamma, b.node('Sqrt', [b.node('Add', [variance, b.scalar(epsilon)])])]);
  const shift = b.node('Sub', [beta, b.node('Mul', [b.node('Sub', [mean, own]), factor])]);
  return { rows: b.node('Mul', [rows, b.node('Reshape', [factor, b.int64([channels, 1])])]), bias: shift };
}

/** 0, or NaN where a number of `value` is not finite: rounding to 8 bits would hide that. */
export function writeNought(b: GraphBuilder, value: string): string {
  const flat = b.node('Reshape', [b.node('Mul', [value, b.scalar(0)]), b.int64([-1])]);
  return b.node('ReduceSum', [flat, b.int64([0])], { keepdims: int(0) });
}

function zeros(count: number): Tensor {
  return { dtype: 'float32', dims: [count], data: new Float32Array(count) };
}
