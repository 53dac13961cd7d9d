import { dataError } from '../../core/errors.ts';
import { GraphBuilder } from '../builder.ts';
import { type Graph, type GraphNode, int, numberAttribute } from '../graph.ts';
import { microsoftDomain } from '../ops/microsoft.ts';
import { usedPart } from '../used.ts';
import { producersOf, type Refreshed, type WeightMatrix, weightMatrix } from './matrix.ts';
import { writeProduct } from './product.ts';
import { type QuantisedRows, writeQuantisedRows } from './rows.ts';
import { type StoredBytes, storedBytesBehind } from './storedBytes.ts';
import { type QuantisedInput, type WrittenMatrix, weightWriter } from './weightWriter.ts';

/** A MatMul, or a Gemm that does not turn its left side, by a weight: alpha x W + beta bias. */
interface Product {
  readonly x: string;
  readonly weight: WeightMatrix;
  /** '' for none. */
  readonly bias: string;
  readonly alpha: number;
  readonly beta: number;
  readonly output: string;
}

/**
 * Products of inner × columns numbers gain from 8 bits where inner × columns is at least this often inner + columns: rounding and
 * scaling cost by the numbers that come in and go out, the product by both. A rule by shape, as clocks decide nothing.
 */
const leastGain = 48;
/** Stored bytes need no rounding. */
const leastGainOfBytes = 8;
/** More numbers in a row than that could pass what 32 bits hold. */
const mostInner = 2 ** 16;

/**
 * A score graph with its products by weight matrices in 8 bits, from which every example gets the same loss whatever shares
 * its batch: weights with a scale for each column, activations with one for each row, found while it runs. Stored bytes that
 * are merely standardised go into a product as they are. Products that are too small to gain, convolutions and all else stay in
 * float32. Throws a data error where nothing is left to quantise.
 */
export function int8Graph(graph: Graph, name: string): Graph {
  return refreshedInt8Graph(graph, { name, refreshed: new Set() }).graph;
}

/** A graph in 8 bits, and its inputs that are made from fresh weights. */
export interface RefreshedInt8Graph {
  readonly graph: Graph;
  readonly quantised: readonly QuantisedInput[];
}

export interface RefreshedInt8Options {
  /** What an error calls the model. */
  readonly name: string;
  readonly refreshed: Refreshed;
  /**
   * Whether weights that are inputs are uint8 around 128, for a CPU on which products with int8 overflow: ONNX Runtime's way out
   * of that is for constants alone. Default false.
   */
  readonly unsigned?: boolean;
  /** Whether a graph without such a product is returned as it is; default false. */
  readonly optional?: boolean;
}

/**
 * The same where weights are inputs of the score graph: those in `refreshed` are inputs in 8 bits wherever products take them, and
 * stay inputs in float32 where something else does.
 */
export function refreshedInt8Graph(
  graph: Graph,
  { name, refreshed, unsigned = false, optional = false }: RefreshedInt8Options,
): RefreshedInt8Graph {
  const b = new GraphBuilder(graph.name, { ...graph.opsets, [microsoftDomain]: 1 }, graph);
  const producers = producersOf(graph);
  for (const input of graph.inputs) b.input(input);
  for (const [weight, tensor] of graph.weights) b.weight(weight, tensor);
  const quantised = new Map<string, QuantisedRows>();
  const weights = weightWriter(b, unsigned);
  let count = 0;

  const rowsOf = (x: string): QuantisedRows => {
    const known = quantised.get(x);
    if (known !== undefined) return known;
    const { dims } = b.type(x);
    const flat = dims.length === 2 ? x : b.node('Reshape', [x, b.int64([-1, dims.at(-1) as number])]);
    const rows = writeQuantisedRows(b, flat, isNonNegative(producers, x));
    quantised.set(x, rows);
    return rows;
  };

  for (const node of graph.nodes) {
    const product = productOf(graph, b, producers, node, refreshed);
    // A product of rows within an example has one row of the weight for several bytes.
    const takesWhole = product !== undefined && b.type(product.x).dims.length === 2;
    const bytes = takesWhole ? storedBytesBehind(graph, b, producers, product.x) : undefined;
    if (product === undefined || gain(product.weight) < (bytes ? leastGainOfBytes : leastGain)) {
      b.addUnchecked(node);
      continue;
    }
    count += 1;
    if (bytes) writeFromBytes(b, product, bytes, weights.write(product.weight, product.alpha, bytes));
    else writeFromRows(b, product, rowsOf(product.x), weights.write(product.weight, product.alpha));
  }
  if (count === 0 && optional) return { graph, quantised: [] };
  if (count === 0)
    throw dataError(
      `Cannot score "${name}" in int8: it has no MatMul or Gemm by a constant matrix that is large enough to gain (from about 100 × 100 numbers); pass --precision fp32`,
    );
  for (const output of graph.outputs) {
    if (b.typeOf(output.name) === undefined) b.declareType(output.name, output);
    b.output(output.name);
  }
  const written = usedPart(b.build());
  const read = new Set(written.nodes.flatMap((node) => node.inputs));
  const inputs = written.inputs.filter((input) => !refreshed.has(input.name) || read.has(input.name));
  return { graph: { ...written, inputs }, quantised: weights.inputs };
}

function productOf(
  graph: Graph,
  b: GraphBuilder,
  producers: ReadonlyMap<string, GraphNode>,
  node: GraphNode,
  refreshed: Refreshed,
): Product | undefined {
  const isGemm = node.op === 'Gemm' && numberAttribute(node, 'transA', 0) === 0;
  if (node.domain !== '' || !(node.op === 'MatMul' || isGemm)) return undefined;
  const [x, w, bias = ''] = node.inputs as [string, string, string?];
  const type = b.typeOf(x);
  // Behind an operator that nothing here knows.
  if (type === undefined) return undefined;
  const { dims, dtype } = type;
  const weight = weightMatrix(graph, producers, w, isGemm && numberAttribute(node, 'transB', 0) === 1, refreshed);
  if (weight === undefined || dtype !== 'float32' || dims.length < 2 || weight.rows > mostInner) return undefined;
  if (typeof dims.at(-1) !== 'number') return undefined;
  const [alpha, beta] = ['alpha', 'beta'].map((factor) => (isGemm ? numberAttribute(node, factor, 1) : 1)) as [
    number,
    number,
  ];
  return { x, weight, bias, alpha, beta, output: node.outputs[0]! };
}

function gain({ rows, columns }: WeightMatrix): number {
  return (rows * columns) / (rows + columns);
}

function writeFromRows(b: GraphBuilder, product: Product, rows: QuantisedRows, written: WrittenMatrix): void {
  const { x, weight, bias, beta } = product;
  const added = bias === '' || beta === 1 ? bias : b.node('Mul', [bias, b.scalar(beta)]);
  const result = writeProduct(b, rows, written, added);
  const outputs = { outputs: [product.output] };
  if (b.type(x).dims.length === 2) b.node('Identity', [result], {}, outputs);
  else b.node('Reshape', [result, shapeOfProduct(b, x, weight.columns)], {}, outputs);
}

/** The shape of x times a matrix of so many columns, as a value; x has more axes than two. */
function shapeOfProduct(b: GraphBuilder, x: string, columns: number): string {
  const sizes = b.type(x).dims.slice(1, -1);
  if (sizes.every((size) => typeof size === 'number')) return b.int64([-1, ...sizes, columns]);
  const before = b.node('Slice', [b.node('Shape', [x]), b.int64([0]), b.int64([-1]), b.int64([0])]);
  return b.node('Concat', [before, b.int64([columns])], { axis: int(0) });
}

/** Σ (scale byte + shift) W = Σ byte (scale W) + Σ shift W, the second sum by the rounded weights as well. */
function writeFromBytes(b: GraphBuilder, product: Product, { input }: StoredBytes, written: WrittenMatrix): void {
  const { weight, bias, beta } = product;
  const bytes = b.type(input).dims.length === 2 ? input : b.node('Reshape', [input, b.int64([-1, weight.rows])]);
  const result = writeProduct(b, { values: bytes }, written, written.shifts);
  const outputs = { outputs: [product.output] };
  if (bias === '') b.node('Identity', [result], {}, outputs);
  else b.node('Add', [result, beta === 1 ? bias : b.node('Mul', [bias, b.scalar(beta)])], {}, outputs);
}

/** Operators that give no number below 0. */
const nonNegativeOps: ReadonlySet<string> = new Set(['Relu', 'Sigmoid', 'Softmax', 'Abs', 'Exp', 'Sqrt']);
/** Operators that give some of the numbers that they are given, or means of them. */
const carryingOps: ReadonlySet<string> = new Set([
  ...['Identity', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Gather', 'Slice'],
  ...['MaxPool', 'AveragePool', 'GlobalAveragePool'],
]);

function isNonNegative(producers: ReadonlyMap<string, GraphNode>, value: string): boolean {
  const node = producers.get(value);
  if (node === undefined || node.domain !== '') return false;
  return nonNegativeOps.has(node.op) || (carryingOps.has(node.op) && isNonNegative(producers, node.inputs[0]!));
}
