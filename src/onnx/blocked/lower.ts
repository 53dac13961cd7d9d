import type { GraphBuilder, Step } from '../builder.ts';
import { numberAttribute } from '../graph.ts';
import { filterLayoutOf, lowerConv, lowerConvTranspose, lowerFilterGradient } from './convolution.ts';
import { elementwiseOps, lowerAdd, lowerElementwise, lowerProduct, lowerReduction, lowerRelu } from './elementwise.ts';
import type { FilterLayout, Layout } from './layout.ts';
import { beginLowering, type Lowering } from './lowering.ts';
import { lowerBatchNorm, lowerBatchNormalization, lowerBatchNormGradient } from './normalisation.ts';
import { lowerExpand, lowerGlobalAveragePool, lowerMaxPool, lowerMaxPoolGradient, lowerReduceSum } from './pooling.ts';

/** Writes a step on blocked activations; false, and nothing written, where that cannot be. */
type Lower = (step: Step, lowering: Lowering) => boolean;

const lowers: ReadonlyMap<string, Lower> = new Map<string, Lower>([
  ...elementwiseOps.map((op) => [op, lowerElementwise] as const),
  ['Add', lowerAdd],
  ['Sub', lowerProduct],
  ['Mul', lowerProduct],
  ['Relu', lowerRelu],
  ['ReduceSumSquare', lowerReduction],
  ['ReduceSum', lowerReduceSum],
  ['Conv', lowerConv],
  ['ConvTranspose', lowerConvTranspose],
  ['ConvFilterGradient', lowerFilterGradient],
  ['BatchNorm', lowerBatchNorm],
  ['BatchNormGradient', lowerBatchNormGradient],
  ['BatchNormalization', lowerBatchNormalization],
  ['MaxPool', lowerMaxPool],
  ['MaxPoolGradient', lowerMaxPoolGradient],
  ['GlobalAveragePool', lowerGlobalAveragePool],
  ['Expand', lowerExpand],
]);

/** The inputs of a graph that are filters of convolutions which can be blocked, and the layout that they are fed in. */
export function blockedFilters(source: GraphBuilder, block: number): ReadonlyMap<string, FilterLayout> {
  const inputs = new Set(source.inputs.map(({ name }) => name));
  const found = new Map<string, FilterLayout>();
  for (const {
    kind,
    inputs: [, w],
    nodes,
  } of source.steps) {
    if (kind !== 'Conv' || !inputs.has(w!)) continue;
    const layout = filterLayoutOf(source.type(w!).dims, numberAttribute(nodes[0]!, 'group', 1), block);
    if (layout !== undefined) found.set(w!, layout);
  }
  return found;
}

/**
 * Writes a graph again with its convolutions in ONNX Runtime's blocked operators, which are several times as fast where the
 * weights are inputs; what cannot be blocked stays as it is. Inputs and outputs named in `layouts` are in those layouts.
 */
export function lowerBlocked(source: GraphBuilder, block: number, layouts: ReadonlyMap<string, Layout>): GraphBuilder {
  const lowering = beginLowering(source, block, layouts);
  for (const step of source.steps) if (!lowers.get(step.kind)?.(step, lowering)) lowering.copy(step);
  return lowering.finish();
}
