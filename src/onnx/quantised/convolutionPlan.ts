import { elementCount } from '../../core/tensor.ts';
import { GraphBuilder } from '../builder.ts';
import { sameDims } from '../dims.ts';
import type { Dim, Graph, GraphNode } from '../graph.ts';
import { numberAttribute } from '../graph.ts';
import { type SlidingWindow, windowOf } from '../ops/slidingWindow.ts';
import { readBy } from '../subgraphs.ts';

/** A convolution, with the batch normalisation and the ReLU that follow it where nobody else reads what lies between. */
export interface ConvUnit {
  readonly kind: 'Conv';
  readonly x: string;
  /** Filters [O, I, H, W]. */
  readonly w: string;
  readonly dims: readonly [number, number, number, number];
  /** '' for none. */
  readonly bias: string;
  readonly norm: GraphNode | undefined;
  readonly slide: SlidingWindow;
  /** Spatial sizes of what goes in and comes out. */
  readonly sizes: readonly number[];
  readonly slid: readonly number[];
  readonly relu: boolean;
  readonly output: string;
}

/** A sum of two values in 8 bits, with the ReLU behind it. */
export interface SumUnit {
  readonly kind: 'Add';
  readonly inputs: readonly [string, string];
  readonly relu: boolean;
  readonly output: string;
}

export interface PoolUnit {
  readonly kind: 'MaxPool';
  readonly x: string;
  readonly node: GraphNode;
  readonly output: string;
}

export type Unit = ConvUnit | SumUnit | PoolUnit;

/** What of a graph is going to be computed in 8 bits. */
export interface ConvolutionPlan {
  /** The units by the last of their nodes. */
  readonly units: ReadonlyMap<GraphNode, Unit>;
  /** The nodes that are part of a unit and not its last. */
  readonly joined: ReadonlySet<GraphNode>;
  /** The values that are rounded to 8 bits with a scale of their own: what is convolved first, and what units compute. */
  readonly ranged: ReadonlySet<string>;
  /** The graph with the types of its values. */
  readonly typed: GraphBuilder;
}

/** Sums over fewer numbers, or for fewer channels, lose: rounding costs by the cell, and kernels in 8 bits are made for more. */
const leastSummed = 27;
const leastChannels = 64;
/** More numbers in a sum than that could pass what 32 bits hold, beside a bias of half of it. */
const mostSummed = 2 ** 14;

/** Finds the convolutions of a graph that gain from 8 bits, and what lies between them. */
export function planConvolutions(graph: Graph): ConvolutionPlan {
  const typed = typesOf(graph);
  const readers = readersOf(graph);
  const units = new Map<GraphNode, Unit>();
  const joined = new Set<GraphNode>();
  const ranged = new Set<string>();
  const eight = new Set<string>();

  /** The node of type `op` that is the only one to read `value`, as its first input. */
  const follower = (value: string, op: string): GraphNode | undefined => {
    const [next, another] = readers.get(value) ?? [];
    if (next === undefined || next === 'caller' || another !== undefined) return undefined;
    const isIt = next.op === op && next.domain === '' && next.inputs[0] === value && next.outputs.length === 1;
    return isIt ? next : undefined;
  };
  const join = (first: GraphNode, ...rest: readonly (GraphNode | undefined)[]): GraphNode => {
    let last = first;
    for (const node of rest) {
      if (node === undefined) continue;
      joined.add(last);
      last = node;
    }
    return last;
  };
  const put = (last: GraphNode, unit: Unit) => {
    units.set(last, unit);
    eight.add(unit.output);
    if (unit.kind !== 'MaxPool') ranged.add(unit.output);
  };

  for (const node of graph.nodes) {
    if (node.domain !== '') continue;
    const [x = '', other = ''] = node.inputs;
    const output = node.outputs[0]!;
    if (node.op === 'Conv') {
      const found = convolutionOf(typed, node);
      if (found === undefined) continue;
      const norm = follower(output, 'BatchNormalization');
      const relu = follower(norm?.outputs[0] ?? output, 'Relu');
      const last = join(node, norm, relu);
      if (!eight.has(x)) ranged.add(x);
      put(last, { ...found, norm, relu: relu !== undefined, output: last.outputs[0]! });
    } else if (node.op === 'Add' && eight.has(x) && eight.has(other)) {
      if (!sameDims(typed.type(x).dims, typed.type(other).dims)) continue;
      const relu = follower(output, 'Relu');
      const last = join(node, relu);
      put(last, { kind: 'Add', inputs: [x, other], relu: relu !== undefined, output: last.outputs[0]! });
    } else if (node.op === 'MaxPool' && eight.has(x) && node.outputs.length === 1) {
      put(node, { kind: 'MaxPool', x, node, output });
    }
  }
  return { units, joined, ranged, typed };
}

/**
 * The share of a graph's convolutions, by their multiplications, that are going to be in 8 bits, 0 … 1; NaN where it has none. The
 * rest stays in standard operators, which are slower than blocked ones where filters are inputs.
 */
export function shareInEightBits(graph: Graph): number {
  const { units, typed } = planConvolutions(graph);
  const eight = new Set([...units.values()].flatMap((unit) => (unit.kind === 'Conv' ? [unit.w] : [])));
  let [all, found] = [0, 0];
  for (const { op, domain, inputs, outputs } of graph.nodes) {
    if (op !== 'Conv' || domain !== '') continue;
    const [filters, result] = [inputs[1]!, outputs[0]!].map((value) => typed.typeOf(value)?.dims.slice(1).map(Number));
    if (filters === undefined || result === undefined) continue;
    const products = elementCount(filters) * elementCount(result);
    all += products;
    if (eight.has(inputs[1]!)) found += products;
  }
  return found / all;
}

function typesOf(graph: Graph): GraphBuilder {
  const builder = new GraphBuilder(graph.name, graph.opsets, graph);
  for (const input of graph.inputs) builder.input(input);
  for (const [name, tensor] of graph.weights) builder.weight(name, tensor);
  for (const node of graph.nodes) builder.addUnchecked(node);
  return builder;
}

/** The nodes that read each value; an output of the graph is read by somebody else as well. */
function readersOf(graph: Graph): ReadonlyMap<string, readonly (GraphNode | 'caller')[]> {
  const readers = new Map<string, (GraphNode | 'caller')[]>();
  const read = (value: string, by: GraphNode | 'caller') => {
    const known = readers.get(value);
    if (known === undefined) readers.set(value, [by]);
    else known.push(by);
  };
  for (const node of graph.nodes) for (const value of readBy(node)) read(value, node);
  for (const { name } of graph.outputs) read(name, 'caller');
  return readers;
}

function convolutionOf(typed: GraphBuilder, node: GraphNode): Omit<ConvUnit, 'norm' | 'relu' | 'output'> | undefined {
  const [x, w, bias = ''] = node.inputs as [string, string, string?];
  const [image, filters, result] = [x, w, node.outputs[0]!].map((value) => typed.typeOf(value));
  if (!image || !filters || !result || image.dtype !== 'float32' || numberAttribute(node, 'group', 1) !== 1)
    return undefined;
  const { dims } = filters;
  if (image.dims.length !== 4 || !areKnown(dims) || !areKnown(image.dims.slice(1))) return undefined;
  const [channels, inner, height, width] = dims as [number, number, number, number];
  const summed = inner * height * width;
  if (channels < leastChannels || summed < leastSummed || summed > mostSummed) return undefined;
  const sizes = image.dims.slice(2) as number[];
  return {
    kind: 'Conv',
    x,
    w,
    dims: [channels, inner, height, width],
    bias,
    slide: windowOf(node, sizes, [height, width]),
    sizes,
    slid: result.dims.slice(2) as number[],
  };
}

function areKnown(dims: readonly Dim[]): dims is readonly number[] {
  return dims.every((dim) => typeof dim === 'number');
}
