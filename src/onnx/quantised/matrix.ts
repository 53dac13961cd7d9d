import { elementCount, type Tensor, type TensorData } from '../../core/tensor.ts';
import type { Graph, GraphNode } from '../graph.ts';

/** A float32 matrix that is a weight of a graph, as it is multiplied from the right. */
export interface WeightMatrix {
  /** The initialiser, or the output of the Constant, that holds its numbers. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Whether the numbers lie column by column, as those of PyTorch's [out, in] do. */
  readonly turned: boolean;
  /** Null for one that is refreshed. */
  readonly data: Float32Array | null;
}

/** Names of weights that are inputs of a graph, fed afresh. */
export type Refreshed = ReadonlySet<string>;

/** The nodes of a graph by what they compute. */
export function producersOf(graph: Graph): ReadonlyMap<string, GraphNode> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

/**
 * The float32 matrix that is `value`, or its transpose, where it is a constant or in `refreshed`; undefined where it is neither,
 * or not all of a constant is finite.
 */
export function weightMatrix(
  graph: Graph,
  producers: ReadonlyMap<string, GraphNode>,
  value: string,
  transposed: boolean,
  refreshed: Refreshed = new Set(),
): WeightMatrix | undefined {
  const node = producers.get(value);
  // Exporters leave the transpose of PyTorch's [out, in] to the graph.
  if (node?.op === 'Transpose' && node.domain === '') {
    const perm = node.attributes.perm;
    const swaps = perm === undefined || (perm.kind === 'ints' && perm.value.join() === '1,0');
    return swaps ? weightMatrix(graph, producers, node.inputs[0]!, !transposed, refreshed) : undefined;
  }
  const weight = weightBehind(graph, producers, value, refreshed);
  if (weight?.dtype !== 'float32' || weight.dims.length !== 2) return undefined;
  const { name } = weight;
  const data = weight.data as Float32Array | null;
  if (data !== null && !data.every(Number.isFinite)) return undefined;
  const [first, second] = weight.dims as [number, number];
  const [rows, columns] = transposed ? [second, first] : [first, second];
  return { name, rows, columns, turned: transposed, data };
}

/** The tensor that `value` is before the graph runs: an initialiser, a Constant, or one of those in another shape. */
export function constantTensor(
  graph: Graph,
  producers: ReadonlyMap<string, GraphNode>,
  value: string,
): Tensor | undefined {
  const weight = weightBehind(graph, producers, value, new Set());
  return weight?.data ? { dtype: weight.dtype, dims: weight.dims, data: weight.data } : undefined;
}

/** A tensor with the name that it goes by; without data where it is refreshed. */
interface Weight extends Omit<Tensor, 'data'> {
  readonly name: string;
  readonly data: TensorData | null;
}

function weightBehind(
  graph: Graph,
  producers: ReadonlyMap<string, GraphNode>,
  value: string,
  refreshed: Refreshed,
): Weight | undefined {
  const weight = graph.weights.get(value);
  if (weight !== undefined) return { name: value, ...weight };
  const input = refreshed.has(value) ? graph.inputs.find(({ name }) => name === value) : undefined;
  if (input !== undefined) return { name: value, dtype: input.dtype, dims: input.dims as number[], data: null };
  const node = producers.get(value);
  if (node === undefined || node.domain !== '') return undefined;
  if (node.op === 'Identity') return weightBehind(graph, producers, node.inputs[0]!, refreshed);
  if (node.op === 'Constant')
    return node.attributes.value?.kind === 'tensor' ? { name: value, ...node.attributes.value.value } : undefined;
  if (node.op !== 'Reshape') return undefined;
  const reshaped = weightBehind(graph, producers, node.inputs[0]!, refreshed);
  const wanted = constantTensor(graph, producers, node.inputs[1]!);
  if (reshaped === undefined || wanted === undefined) return undefined;
  const dims = reshapedDims(reshaped.dims, Array.from(wanted.data, Number));
  return dims && { ...reshaped, dims };
}

/** The shape that ONNX's Reshape makes: 0 keeps a size, -1 takes what is left. */
function reshapedDims(from: readonly number[], wanted: readonly number[]): readonly number[] | undefined {
  const sizes = wanted.map((size, axis) => (size === 0 ? from[axis]! : size));
  const rest = elementCount(from) / elementCount(sizes.filter((size) => size !== -1));
  const dims = sizes.map((size) => (size === -1 ? rest : size));
  return elementCount(dims) === elementCount(from) && Number.isInteger(rest) ? dims : undefined;
}
