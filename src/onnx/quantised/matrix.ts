import { elementCount, type Tensor } from '../../core/tensor.ts';
import type { Graph, GraphNode } from '../graph.ts';

/** A float32 matrix that is known before the graph runs, as it is multiplied from the right: row k, column n. */
export interface ConstantMatrix {
  readonly rows: number;
  readonly columns: number;
  /** What to multiply with the row and the column to find a number in `data`. */
  readonly strides: readonly [number, number];
  readonly data: Float32Array;
}

/** The nodes of a graph by what they compute. */
export function producersOf(graph: Graph): ReadonlyMap<string, GraphNode> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

/** The number in row `k` and column `n`. */
export function at({ data, strides }: ConstantMatrix, k: number, n: number): number {
  return data[k * strides[0] + n * strides[1]]!;
}

/** The constant float32 matrix that is `value`, or its transpose; undefined where it is none, or not all of it is finite. */
export function constantMatrix(
  graph: Graph,
  producers: ReadonlyMap<string, GraphNode>,
  value: string,
  transposed: boolean,
): ConstantMatrix | undefined {
  const node = producers.get(value);
  // Exporters leave the transpose of PyTorch's [out, in] to the graph.
  if (node?.op === 'Transpose' && node.domain === '') {
    const perm = node.attributes.perm;
    const swaps = perm === undefined || (perm.kind === 'ints' && perm.value.join() === '1,0');
    return swaps ? constantMatrix(graph, producers, node.inputs[0]!, !transposed) : undefined;
  }
  const tensor = constantTensor(graph, producers, value);
  if (tensor?.dtype !== 'float32' || tensor.dims.length !== 2) return undefined;
  const data = tensor.data as Float32Array;
  if (!data.every(Number.isFinite)) return undefined;
  const [first, second] = tensor.dims as [number, number];
  return transposed
    ? { rows: second, columns: first, strides: [1, second], data }
    : { rows: first, columns: second, strides: [second, 1], data };
}

/** The tensor that `value` is before the graph runs: an initialiser, a Constant, or one of those in another shape. */
export function constantTensor(
  graph: Graph,
  producers: ReadonlyMap<string, GraphNode>,
  value: string,
): Tensor | undefined {
  const weight = graph.weights.get(value);
  const node = producers.get(value);
  if (weight !== undefined || node === undefined || node.domain !== '') return weight;
  if (node.op === 'Identity') return constantTensor(graph, producers, node.inputs[0]!);
  if (node.op === 'Constant') return node.attributes.value?.kind === 'tensor' ? node.attributes.value.value : undefined;
  if (node.op !== 'Reshape') return undefined;
  const tensor = constantTensor(graph, producers, node.inputs[0]!);
  const wanted = constantTensor(graph, producers, node.inputs[1]!);
  if (tensor === undefined || wanted === undefined) return undefined;
  const dims = reshapedDims(tensor.dims, Array.from(wanted.data, Number));
  return dims && { ...tensor, dims };
}

/** The shape that ONNX's Reshape makes: 0 keeps a size, -1 takes what is left. */
function reshapedDims(from: readonly number[], wanted: readonly number[]): readonly number[] | undefined {
  const sizes = wanted.map((size, axis) => (size === 0 ? from[axis]! : size));
  const rest = elementCount(from) / elementCount(sizes.filter((size) => size !== -1));
  const dims = sizes.map((size) => (size === -1 ? rest : size));
  return elementCount(dims) === elementCount(from) && Number.isInteger(rest) ? dims : undefined;
}
