import { GraphBuilder } from '../builder.ts';
import { productOf } from '../dims.ts';
import type { Dim, Graph, GraphNode, GraphValue } from '../graph.ts';
import { labelsInput } from '../lossHead.ts';
import { anyLength, tokensInput } from '../tokens.ts';
import type { RuleContext } from './rule.ts';
import { rules } from './rules.ts';
import { axisOf, batchSize, isConstant, isPositions, isSized, ofElements, ofTensor, type Value } from './value.ts';

/** Texts that a graph of any length is followed for. */
export interface Texts {
  /** A length for which all shapes are found. */
  readonly length: number;
  readonly longest: number;
  /** The id of padding. */
  readonly padding: number;
}

/** Inputs of operators that are sizes and positions: what depends on the length may go in there. */
const sizeInputs: Readonly<Record<string, readonly number[]>> = {
  Reshape: [1],
  Expand: [1],
  Slice: [1, 2, 3, 4],
  ConstantOfShape: [0],
  Range: [0, 1, 2],
  Shape: [0],
};

/**
 * What is known of the values of a score graph of any length, by name, see `Value`: an abstract interpretation, in which nothing
 * is known of what is computed by an operator without a rule, or from a value of which nothing is known.
 */
export function followed(graph: Graph, texts: Texts): ReadonlyMap<string, Value> {
  const builder = new GraphBuilder(graph.name, graph.opsets, graph);
  const values = new Map<string, Value>();
  for (const input of graph.inputs) {
    builder.input({ ...input, dims: input.dims.map((dim) => (dim === anyLength ? texts.length : dim)) });
    values.set(input.name, ofInput(input));
  }
  for (const [name, tensor] of graph.weights) {
    builder.weight(name, tensor);
    values.set(name, ofTensor(tensor));
  }
  for (const node of graph.nodes) {
    builder.addUnchecked(node);
    outputsOf(builder, node, values, texts)?.forEach((value, index) => {
      const output = node.outputs[index]!;
      if (isSound(value, builder.typeOf(output)?.dims, texts.length)) values.set(output, value);
    });
  }
  return values;
}

/** Tokens, labels, or a weight that is fed: nothing is known of its numbers but what is taken for granted. */
function ofInput({ name, dims }: GraphValue): Value {
  if (name === tokensInput) return { axes: [[batchSize], [{ isIds: true }]], isMild: false, sign: 0 };
  if (name === labelsInput) return { axes: [[batchSize]], isMild: false, sign: 0 };
  return { axes: dims.map((dim) => axisOf([dim as number])), isMild: true, sign: 0 };
}

function outputsOf(
  builder: GraphBuilder,
  node: GraphNode,
  values: ReadonlyMap<string, Value>,
  { longest, padding }: Texts,
): readonly Value[] | undefined {
  const types = node.outputs.map((output) => builder.typeOf(output));
  const inputs = node.inputs.map((input) => values.get(input));
  const isKnown = node.inputs.every((input, index) => input === '' || inputs[index] !== undefined);
  if (node.domain !== '' || !isKnown || !types.every((type) => type !== undefined)) return undefined;
  const dims = types.map((type) => type.dims);
  const context: RuleContext = { node, inputs, dtype: types[0]!.dtype, dims, opset: builder.opset, longest, padding };
  const given = inputs.filter((value) => value !== undefined);
  const outputs =
    rules.get(node.op)?.(context) ?? (given.every(isConstant) ? constants(builder, node, dims) : undefined);
  const fed = inputs.filter((_, index) => !sizeInputs[node.op]?.includes(index));
  // What is made of sizes may not turn into what is computed with.
  const isOfSizes = fed.some((value) => isSized(value?.elements));
  return isOfSizes && !outputs?.every(({ elements }) => elements !== undefined) ? undefined : outputs;
}

/** The outputs of a node that is given what is the same for all texts and lengths. */
function constants(
  builder: GraphBuilder,
  { outputs }: GraphNode,
  dims: RuleContext['dims'],
): readonly Value[] | undefined {
  return outputs.map((output, index): Value => {
    const known = builder.known(output);
    if (known !== undefined) return ofTensor(known);
    return {
      ...ofElements(
        [Number.NaN],
        dims[index]!.map((dim) => axisOf([dim as number])),
      ),
      elements: undefined,
    };
  });
}

/** Whether a value has the shape that it has for texts of one length, and keeps texts apart. */
function isSound({ axes }: Value, dims: readonly Dim[] | undefined, length: number): boolean {
  const sizes = axes.map((axis) => productOf(axis.map((factor) => (isPositions(factor) ? length : factor))));
  const isSame = dims?.length === sizes.length && sizes.every((size, axis) => size === dims[axis]);
  return isSame && axes.flat().filter((factor) => factor === batchSize).length <= 1;
}
