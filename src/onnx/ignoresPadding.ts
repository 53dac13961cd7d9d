import { RhoError } from '../core/errors.ts';
import { GraphBuilder } from './builder.ts';
import type { Dim, Graph, GraphNode } from './graph.ts';
import { fixedBatch, logitsTypeOf, type ScoringOptions, scoreGraph } from './scoreGraph.ts';
import { anyLength, maskInput } from './tokens.ts';

/**
 * Whether a model gives a text the same logits however much padding stands behind it, so that its score graph may be derived
 * with `anyLength` and fed texts without theirs: it takes an attention mask, every shape in it follows the length of its ids, and
 * nothing but attention, which the mask guards, brings tokens together: a mean over all tokens of a text, padding included, does
 * not pass, nor does an operator that nothing here knows. That attention hides what the mask tells it to hide is taken for granted.
 */
export function ignoresPadding(model: Graph, options: ScoringOptions): boolean {
  const [spec] = options.stored;
  const isMasked = options.preprocessing.kind === 'tokens' && model.inputs.some(({ name }) => name === maskInput);
  const length = isMasked ? lengthToTry(model, spec?.dims[0] ?? 0) : undefined;
  if (length === undefined || fixedBatch(model) !== undefined) return false;
  try {
    const logitsType = logitsTypeOf(model, options);
    if (logitsType === undefined) return false;
    return isFree(
      ofLength(scoreGraph(model, { ...options, outputs: ['loss'], anyLength: true, logitsType }), length),
      length,
    );
  } catch (error) {
    if (!(error instanceof RhoError)) throw error;
    return false;
  }
}

/** A graph of any length as it is for texts of one. */
export function ofLength(graph: Graph, length: number): Graph {
  const inputs = graph.inputs.map((input) => ({
    ...input,
    dims: input.dims.map((dim) => (dim === anyLength ? length : dim)),
  }));
  return { ...graph, inputs };
}

/** A length below the longest by which the axis of tokens is told from all others: a prime that no size of a weight holds. */
function lengthToTry({ weights }: Graph, longest: number): number | undefined {
  const sizes = new Set([...weights.values()].flatMap(({ dims }) => dims));
  for (let length = longest - 1; length > 1; length--) {
    const isPrime = Array.from({ length: length - 2 }, (_, i) => i + 2).every((divisor) => length % divisor !== 0);
    if (isPrime && [...sizes].every((size) => size % length !== 0)) return length;
  }
  return undefined;
}

/** Operators that bring neighbours together. */
const windows: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'MaxPool', 'AveragePool', 'CumSum', 'Pad']);

/** Whether a graph for texts of `length` has a shape throughout, and no node that padding would have a part in. */
function isFree(graph: Graph, length: number): boolean {
  const builder = new GraphBuilder(graph.name, graph.opsets, graph);
  for (const input of graph.inputs) builder.input(input);
  for (const [name, tensor] of graph.weights) builder.weight(name, tensor);
  // Values that follow from the mask, and those that are the same for all texts of a length.
  const [masks, constants] = [new Set([maskInput]), new Set(graph.weights.keys())];
  const axesOf = (value = '') =>
    (builder.typeOf(value)?.dims ?? []).filter((dim) => holds(dim, length) && !constants.has(value)).length;

  return (
    graph.nodes.every((node) => {
      builder.addUnchecked(node);
      const { op, inputs, outputs } = node;
      if (outputs.some((output) => output !== '' && builder.typeOf(output) === undefined)) return false;
      const given = inputs.filter((input) => input !== '' && !constants.has(input));
      if (op === 'Shape' || given.length === 0) for (const output of outputs) constants.add(output);
      else if (given.every((input) => masks.has(input))) for (const output of outputs) masks.add(output);
      if (op === 'Shape' || axesOf(inputs[0]) === 0) return true;
      if (windows.has(op)) return false;
      return axesOf(outputs[0]) >= axesOf(inputs[0]) || leavesPaddingOut(builder, graph, node, masks);
    }) && isOfBatch(builder, graph)
  );
}

function holds(dim: Dim, length: number): boolean {
  return String(dim)
    .split('*')
    .some((factor) => Number(factor) > 0 && Number(factor) % length === 0);
}

/** Whether a node that leaves no axis of tokens is attention, looks at the first token, or adds up what the mask lets through. */
function leavesPaddingOut(
  builder: GraphBuilder,
  { nodes }: Graph,
  { op, inputs }: GraphNode,
  masks: ReadonlySet<string>,
): boolean {
  const isFirst = (value = '') => builder.known(value)?.data.every((index: number | bigint) => Number(index) === 0);
  if (op === 'MatMul') return true;
  if (op === 'Gather') return isFirst(inputs[1]) === true;
  if (op === 'Slice') return isFirst(inputs[1]) === true && !inputs[4];
  if (op !== 'ReduceSum') return false;
  const summed = nodes.find(({ outputs }) => outputs.includes(inputs[0]!));
  return masks.has(inputs[0]!) || (summed?.op === 'Mul' && summed.inputs.some((input) => masks.has(input)));
}

function isOfBatch(builder: GraphBuilder, { outputs }: Graph): boolean {
  return outputs.every(({ name }) => builder.typeOf(name)?.dims[0] === 'batch');
}
