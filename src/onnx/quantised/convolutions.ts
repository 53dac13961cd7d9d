import type { Tensor } from '../../core/tensor.ts';
import { GraphBuilder } from '../builder.ts';
import { type Attributes, type Graph, int, ints } from '../graph.ts';
import { microsoftDomain } from '../ops/microsoft.ts';
import { readBy } from '../subgraphs.ts';
import { type QuantisedFilters, writeFilters, writeNought } from './convolutionFilters.ts';
import { type ConvUnit, type PoolUnit, planConvolutions, type SumUnit, type Unit } from './convolutionPlan.ts';
import { writeRanges } from './convolutionRanges.ts';
import { constantTensor, producersOf } from './matrix.ts';
import { storedBytesBehind } from './storedBytes.ts';

/** Where the ranges of activations come from, whose largest magnitudes become the ends of 8 bits. */
export type ActivationRanges =
  /**
   * The first examples of each run are computed in float32 as well. What is rounded, and so a loss in its last digits, depends on
   * which examples stand first in a run, and on where a batch is cut into runs; it is the same for the same run.
   */
  | { readonly examples: number }
  /** Known beforehand by value, see `rangedValues`: every example gets the same loss whatever shares its run. */
  | ReadonlyMap<string, number>;

export interface ConvolutionOptions {
  readonly ranges: ActivationRanges;
  /**
   * Whether products in 8 bits overflow on the machine, x86 without VNNI, where pairs of them are added in 16 bits: filters are
   * then rounded to 7 bits, of which pairs fit. Default false.
   */
  readonly productsOverflow?: boolean;
}

/** Numbers in 8 bits [N, H, W, C] as values of a graph: `values` uint8 minus `zero`, times `scale`. */
interface EightBits {
  readonly values: string;
  readonly scale: string;
  readonly zero: 0 | 128;
  /** One number, or [N, 1, 1, 1]: 0, or NaN for an example that has come by a number which is not finite. */
  readonly nought: string;
}

/** The largest numbers of filters: all of 8 bits, or so that two products by 255 fit into 16 bits. */
const largestInFilters = { all: 127, inPairs: 64 };
/** Larger images are convolved faster cell by cell than as one product, even where that packs the filters anew again and again. */
const mostCells = 36;
/** The least scale of a result, by the scale of what it is computed from, so that their quotient stays in range. */
const leastScale = 2 ** -20;

/** The values of a graph whose ranges `int8Convolutions` has to know; none where it finds nothing to gain. */
export function rangedValues(graph: Graph): readonly string[] {
  return [...planConvolutions(graph).ranged];
}

/**
 * A score graph with its convolutions in 8 bits, channels last, and with what lies between them: batch normalisation by running
 * statistics, folded into the filters, ReLU, residual sums and max pooling. Filters have a scale for each output channel and
 * are rounded as the graph runs, so that weights may be inputs of it; activations have one scale for each value, uint8, by
 * `ranges`, and numbers beyond those are cut. Convolutions that are grouped, or too small to gain, and all else stay in
 * float32. An example with a number that is not finite gets the loss NaN; weights that are not finite, or a range that is not,
 * give NaN for all examples. Returns the graph itself where there is nothing to gain.
 */
export function int8Convolutions(graph: Graph, { ranges, productsOverflow = false }: ConvolutionOptions): Graph {
  const inFilters = productsOverflow ? largestInFilters.inPairs : largestInFilters.all;
  const plan = planConvolutions(graph);
  if (plan.ranged.size === 0 || (graph.opsets[''] ?? 0) < 13) return graph;
  const b = new GraphBuilder(graph.name, { ...graph.opsets, [microsoftDomain]: 1 }, graph);
  const producers = producersOf(graph);
  for (const input of graph.inputs) b.input(input);
  for (const [weight, tensor] of graph.weights) b.weight(weight, tensor);
  const largest =
    'examples' in ranges
      ? writeRanges(b, graph, plan, ranges.examples)
      : new Map([...plan.ranged].map((value) => [value, b.scalar(knownRange(ranges, value))]));
  const eight = new Map<string, EightBits>();

  const inEight = (value: string): EightBits => {
    const known = eight.get(value) ?? writeEntry(b, inFloat(value), largest.get(value)!, areBytes(value));
    eight.set(value, known);
    return known;
  };
  const inFloat = (value: string): string => {
    if (b.typeOf(value) === undefined && eight.has(value)) writeExit(b, eight.get(value)!, value);
    return value;
  };
  const areBytes = (value: string) => storedBytesBehind(graph, plan.typed, producers, value) !== undefined;
  const isConstant = (value: string) => constantTensor(graph, producers, value) !== undefined;
  const writeUnit = (unit: Unit): EightBits => {
    if (unit.kind === 'MaxPool') return writePool(b, unit, inEight(unit.x));
    const most = largest.get(unit.output)!;
    if (unit.kind === 'Add') return writeSum(b, unit, inEight(unit.inputs[0]), inEight(unit.inputs[1]), most);
    for (const value of [unit.w, unit.bias, ...(unit.norm?.inputs.slice(1) ?? [])]) inFloat(value);
    const filters = writeFilters(b, unit, inEight(unit.x).scale, inFilters);
    return writeConvolution(b, unit, inEight(unit.x), filters, most, isConstant(unit.w));
  };

  for (const node of graph.nodes) {
    if (plan.joined.has(node)) continue;
    const unit = plan.units.get(node);
    if (unit !== undefined) {
      eight.set(unit.output, writeUnit(unit));
      continue;
    }
    for (const value of readBy(node)) inFloat(value);
    b.addUnchecked(node);
  }
  for (const { name, dtype, dims } of graph.outputs) {
    inFloat(name);
    if (b.typeOf(name) === undefined) b.declareType(name, { dtype, dims });
    b.output(name);
  }
  return b.build();
}

function knownRange(ranges: ReadonlyMap<string, number>, value: string): number {
  const range = ranges.get(value);
  if (range === undefined) throw new Error(`The range of "${value}" is not given`);
  return range;
}

/** Rounds float32 [N, C, H, W], of either sign. */
function writeEntry(b: GraphBuilder, x: string, most: string, areBytes: boolean): EightBits {
  const scale = b.node('Add', [b.node('Mul', [most, b.scalar(1 / 127)]), b.scalar(1e-30)]);
  const values = b.node('QuantizeLinear', [x, scale, uint8(b, 128)], {}, { domain: microsoftDomain });
  const nought = writeNought(b, scale);
  return {
    values: b.node('Transpose', [values], { perm: ints([0, 2, 3, 1]) }),
    scale,
    zero: 128,
    nought: areBytes ? nought : b.node('Add', [noughts(b, x), nought]),
  };
}

/** 0 for each example of [N, C, H, W], as [N, 1, 1, 1], and NaN for one with a number that is not finite. */
function noughts(b: GraphBuilder, x: string): string {
  return b.node('ReduceSum', [b.node('Mul', [x, b.scalar(0)]), b.int64([1, 2, 3])], { keepdims: int(1) });
}

/** Makes float32 [N, C, H, W] of it again, under the name that it had. */
function writeExit(b: GraphBuilder, { values, scale, zero, nought }: EightBits, name: string): void {
  const turned = b.node('Transpose', [values], { perm: ints([0, 3, 1, 2]) });
  const numbers = b.node('DequantizeLinear', [turned, scale, uint8(b, zero)], {}, { domain: microsoftDomain });
  b.node('Add', [numbers, nought], {}, { outputs: [name] });
}

/** The scale of a result, and the end of its examples' zeros. */
function resultScale(b: GraphBuilder, most: string, relu: boolean, least: string) {
  const zero = relu ? 0 : 128;
  const scale = b.node('Max', [
    b.node('Mul', [most, b.scalar(1 / (relu ? 255 : 127))]),
    b.node('Mul', [least, b.scalar(leastScale)]),
  ]);
  return { scale, zero, nought: writeNought(b, scale) } as const;
}

function writeConvolution(
  b: GraphBuilder,
  unit: ConvUnit,
  x: EightBits,
  filters: QuantisedFilters,
  most: string,
  isConstant: boolean,
): EightBits {
  const { scale, zero, nought } = resultScale(b, most, unit.relu, x.scale);
  const carried = b.node('Add', [x.nought, b.node('Add', [filters.nought, nought])]);
  const { kernel, strides, dilations, pads } = unit.slide;
  const [channels, inner] = unit.dims;
  const result = { scale, zero, nought: carried };
  // ONNX Runtime packs filters that are constant once; others for every few cells of a result, but once for a product.
  if (!isConstant && unit.slid[0]! * unit.slid[1]! <= mostCells) {
    const turned = b.node('Transpose', [filters.values], { perm: ints([0, 2, 3, 1]) });
    const matrix = b.node('Reshape', [turned, b.int64([channels, kernel[0]! * kernel[1]! * inner])]);
    const zeros: Tensor = { dtype: 'int8', dims: [channels], data: new Int8Array(channels) };
    const left = [writeWindows(b, unit, x), x.scale, uint8(b, x.zero)];
    const right = [matrix, filters.scales, b.constant(zeros)];
    const inputs = [...left, ...right, filters.bias, scale, uint8(b, zero)];
    const rows = b.node('QGemm', inputs, { transB: int(1) }, { domain: microsoftDomain });
    return { ...result, values: b.node('Reshape', [rows, b.int64([-1, ...unit.slid, channels])]) };
  }
  const attributes: Attributes = {
    channels_last: int(1),
    kernel_shape: ints(kernel),
    strides: ints(strides),
    dilations: ints(dilations),
    pads: ints(pads),
  };
  const none = b.constant({ dtype: 'int8', dims: [], data: Int8Array.of(0) });
  const left = [x.values, x.scale, uint8(b, x.zero)];
  const inputs = [...left, filters.values, filters.scales, none, scale, uint8(b, zero), filters.bias];
  return { ...result, values: b.node('QLinearConv', inputs, attributes, { domain: microsoftDomain }) };
}

/** What the kernel covers, a row for each cell of the result: [N cells, H W I]. */
function writeWindows(b: GraphBuilder, { dims, slide, sizes, slid }: ConvUnit, { values, zero }: EightBits): string {
  const [, inner, height, width] = dims;
  const { strides, dilations, pads } = slide;
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const isPadded = pads.some((pad) => pad > 0);
  const border = [0, top, left, 0, 0, bottom, right, 0];
  const padded = isPadded ? b.node('Pad', [values, b.int64(border), uint8(b, zero)]) : values;
  const columns = sizes[1]! + left + right;
  const cells = (sizes[0]! + top + bottom) * columns;
  const covered: number[] = [];
  for (let row = 0; row < slid[0]!; row++)
    for (let column = 0; column < slid[1]!; column++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          covered.push((row * strides[0]! + y * dilations[0]!) * columns + column * strides[1]! + x * dilations[1]!);
  const flat = b.node('Reshape', [padded, b.int64([-1, cells, inner])]);
  const indices = b.constant({ dtype: 'int32', dims: [covered.length], data: Int32Array.from(covered) });
  const gathered = b.node('Gather', [flat, indices], { axis: int(1) });
  return b.node('Reshape', [gathered, b.int64([-1, height * width * inner])]);
}

function writeSum(b: GraphBuilder, { relu }: SumUnit, left: EightBits, right: EightBits, most: string): EightBits {
  const least = b.node('Max', [left.scale, right.scale]);
  const { scale, zero, nought } = resultScale(b, most, relu, least);
  const sides = [left, right].flatMap((side) => [side.values, side.scale, uint8(b, side.zero)]);
  const carried = b.node('Add', [b.node('Add', [left.nought, right.nought]), nought]);
  const values = b.node('QLinearAdd', [...sides, scale, uint8(b, zero)], {}, { domain: microsoftDomain });
  return { values, scale, zero, nought: carried };
}

function writePool(b: GraphBuilder, { node }: PoolUnit, x: EightBits): EightBits {
  const { storage_order, ...attributes } = node.attributes;
  return { ...x, values: b.node('NhwcMaxPool', [x.values], attributes, { domain: microsoftDomain }) };
}

function uint8(b: GraphBuilder, value: number): string {
  return b.constant({ dtype: 'uint8', dims: [], data: Uint8Array.of(value) });
}
