import { dataError, RhoError } from '../core/errors.ts';
import { elementCount, int64, type Tensor } from '../core/tensor.ts';
import { GraphBuilder } from './builder.ts';
import { quotientOf } from './dims.ts';
import { addEvalNode } from './evalForm.ts';
import { type Dim, describeNode, type Graph, type GraphNode } from './graph.ts';
import { findOp } from './ops/index.ts';
import { isTooOld, upgradedOpsets } from './upgrade.ts';

/** The name that the size of the batch gets. */
const batch = 'batch';

/** What is known while a graph is gone through with a batch of any size. */
interface Freeing {
  readonly builder: GraphBuilder;
  /** The size that the batch had. */
  readonly fixed: number;
  /** For values whose batch is joined with other axes: how far apart two examples are within that axis. */
  readonly apart: Map<string, number>;
}

/**
 * A model that was exported for batches of one size, for batches of any size: shapes that Reshape and Expand are given as
 * numbers get the size of the batch back. A model of any batch is returned as it is, and so is one with an operator or an
 * operator set that is not known here, which whoever uses it will say. Throws a data error that names the node where the batch
 * cannot be found.
 */
export function freeBatch(graph: Graph, name: string): Graph {
  const fixed = graph.inputs[0]?.dims[0];
  const isFixed = typeof fixed === 'number' && graph.inputs.every(({ dims }) => dims[0] === fixed);
  if (!isFixed || isTooOld(graph) || !graph.nodes.every((node) => findOp(node) !== undefined)) return graph;
  const builder = new GraphBuilder(graph.name, upgradedOpsets(graph, name), graph);
  const inputs = graph.inputs.map((input) => ({ ...input, dims: [batch, ...input.dims.slice(1)] }));
  for (const input of inputs) builder.input(input);
  const weights = new Map(graph.weights);
  for (const [weight, tensor] of graph.weights) builder.weight(weight, tensor);
  const freeing: Freeing = { builder, fixed, apart: new Map() };
  try {
    const nodes = graph.nodes.map((node) => {
      const shape = freedShape(freeing, node);
      const freed = shape === undefined ? node : withShape(builder, weights, node, shape);
      addEvalNode(builder, graph, freed);
      passOn(freeing, freed);
      return freed;
    });
    const outputs = graph.outputs.map((output) => ({ ...output, dims: outputDims(freeing, graph, output.name) }));
    return { ...graph, inputs, outputs, weights, nodes };
  } catch (error) {
    if (!(error instanceof RhoError)) throw error;
    throw dataError(
      `Cannot use "${name}": it was exported for batches of ${fixed} and cannot be freed of that (${error.message}); export it with a batch of any size (dynamic_axes)`,
    );
  }
}

/** The shape that a Reshape or Expand to numbers has to be given instead, for a batch of any size. */
function freedShape(freeing: Freeing, node: GraphNode): readonly number[] | undefined {
  const { builder } = freeing;
  if (node.op !== 'Reshape' && node.op !== 'Expand') return undefined;
  const wanted = builder.known(node.inputs[1]!);
  const { dims } = builder.type(node.inputs[0]!);
  const axis = dims.findIndex(isBatch);
  if (wanted === undefined || axis < 0) return undefined;
  const sizes = Array.from(wanted.data, Number);
  return node.op === 'Expand'
    ? expandedShape(sizes, sizes.length - dims.length + axis)
    : reshapedShape(freeing, node, dims, axis, sizes);
}

/** Expand leaves an axis alone where it is asked for 1. */
function expandedShape(sizes: readonly number[], axis: number): readonly number[] {
  return sizes.map((size, i) => (i === axis ? 1 : size));
}

/**
 * Reshape leaves the order of the numbers alone: two examples are as far apart as before, and that tells the axis which holds
 * the batch. That axis becomes the one that takes what is left.
 */
function reshapedShape(
  { fixed, apart }: Freeing,
  node: GraphNode,
  dims: readonly Dim[],
  axis: number,
  wanted: readonly number[],
): readonly number[] {
  const numbers = dims.map((dim) => Number(isBatch(dim) ? fixed * Number(quotientOf(dim, batch)) : dim));
  const step = elementCount(numbers.slice(axis + 1)) * (dims[axis] === batch ? 1 : (apart.get(node.inputs[0]!) ?? NaN));
  const given = wanted.map((size, i) => (size === 0 ? numbers[i]! : size));
  const rest = elementCount(numbers) / elementCount(given.filter((size) => size !== -1));
  const sizes = given.map((size) => (size === -1 ? rest : size));
  const below = (i: number) => elementCount(sizes.slice(i + 1));
  const candidates = sizes.flatMap((size, i) => (below(i) <= step && step * fixed <= below(i) * size ? [i] : []));
  // A batch of 1 lies between two axes; one of size 1 there is the batch itself.
  const own = candidates.find((i) => sizes[i] === fixed && below(i) === step);
  const found = own ?? (candidates.length === 1 ? candidates[0] : undefined);
  if (found === undefined || sizes[found]! % fixed !== 0)
    throw dataError(`${describeNode(node)} does not tell where its shape [${wanted.join(', ')}] holds the batch`);
  apart.set(node.outputs[0]!, step / below(found));
  return sizes.map((size, i) => (i === found ? -1 : size));
}

function withShape(
  builder: GraphBuilder,
  weights: Map<string, Tensor>,
  node: GraphNode,
  shape: readonly number[],
): GraphNode {
  const name = `${node.outputs[0]}/shape of any batch`;
  weights.set(name, int64(shape));
  builder.weight(name, int64(shape));
  return { ...node, inputs: [node.inputs[0]!, name] };
}

/** What a node computes keeps the order within the joined axis of its input, wherever that axis goes. */
function passOn({ builder, apart }: Freeing, node: GraphNode): void {
  const [output] = node.outputs as [string];
  const joined = builder.type(output).dims.find(isBatch);
  if (joined === undefined || joined === batch || apart.has(output)) return;
  const source = node.inputs.find((input) => input !== '' && apart.has(input) && hasDim(builder, input, joined));
  if (source !== undefined) apart.set(output, apart.get(source)!);
}

/** The shape of an output, which has to hold the batch: else a data error names the node that lost it. */
function outputDims({ builder }: Freeing, graph: Graph, output: string): readonly Dim[] {
  const { dims } = builder.type(output);
  if (dims.some(isBatch)) return dims;
  const holds = (value: string) => value !== '' && builder.type(value).dims.some(isBatch);
  const node = graph.nodes.find(
    (node) => node.op !== 'Shape' && node.inputs.some(holds) && !node.outputs.some((value) => holds(value)),
  );
  throw dataError(`${node === undefined ? `"${output}"` : describeNode(node)} works on a batch of one size`);
}

function hasDim(builder: GraphBuilder, value: string, dim: Dim): boolean {
  return builder.type(value).dims.includes(dim);
}

function isBatch(dim: Dim): boolean {
  return String(dim).split('*').includes(batch);
}
