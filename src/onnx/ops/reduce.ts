import type { GraphBuilder } from '../builder.ts';
import { reducedAxes, reducedDims } from '../dims.ts';
import { expanded, reshaped } from '../gradients.ts';
import { type GraphNode, intsAttribute, numberAttribute, type ValueType } from '../graph.ts';
import { type InferContext, required } from './op.ts';

/** The axes of a reduction, which older opsets give as an attribute and newer ones as an input; undefined means all. */
function axesOf(context: InferContext): readonly number[] | undefined {
  const given = context.constant(1);
  return given === undefined ? intsAttribute(context.node, 'axes') : Array.from(given.data, Number);
}

/** The shape rule of ONNX's Reduce operators. */
export function reductionTypes(context: InferContext): readonly ValueType[] {
  const { dtype, dims } = required(context, 0);
  return [{ dtype, dims: reducedDims(dims, axesOf(context), numberAttribute(context.node, 'keepdims', 1) === 1) }];
}

/** `gradient` of a reduction of `node`, spread over the axes that were reduced. */
export function spreadGradient(builder: GraphBuilder, node: GraphNode, gradient: string): string {
  const dims = builder.dims(node.inputs[0]!);
  const given = node.inputs[1] ? builder.known(node.inputs[1]) : undefined;
  const axes = reducedAxes(
    dims.length,
    given === undefined ? intsAttribute(node, 'axes') : Array.from(given.data, Number),
  );
  const kept = dims.map((size, axis) => (axes.has(axis) ? 1 : size));
  return expanded(builder, reshaped(builder, gradient, kept), dims);
}
