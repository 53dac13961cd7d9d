import { float32, type Tensor } from '../core/tensor.ts';
import { type Graph, type GraphNode, intsAttribute, numberAttribute, stringAttribute } from './graph.ts';

/** A factor and a shift for each channel of the first operator's input. */
interface Affine {
  readonly factor: Float64Array;
  readonly shift: Float64Array;
}

/** What the first product becomes once it does the preprocessing too. */
interface Folded {
  readonly weight: Tensor;
  /** To be added to its bias; undefined where the shift cannot be folded. */
  readonly bias: Float64Array | undefined;
}

const passing: readonly string[] = ['Identity', 'Flatten', 'Reshape'];

/**
 * The same score graph with `x * factor + shift` of its preprocessing folded into the weights of the first Gemm, MatMul or Conv, so
 * that bytes go straight into it; losses differ by rounding. Only the factor is folded into a Conv that pads with zeros, as its
 * padding stands behind the shift. A graph of another form is returned as it is.
 */
export function foldPreprocessing(graph: Graph): Graph {
  const readers = (value: string) => graph.nodes.filter(({ inputs }) => inputs.includes(value));
  const scaled = graph.nodes.find(({ op, inputs }) => op === 'Mul' && isStored(graph, inputs[0]!));
  if (scaled === undefined || readers(scaled.outputs[0]!).length !== 1) return graph;
  const [next] = readers(scaled.outputs[0]!) as [GraphNode];
  const shifted = next.op === 'Add' && graph.weights.has(next.inputs[1]!) ? next : undefined;
  const chain: GraphNode[] = [];
  let value = (shifted ?? scaled).outputs[0]!;
  let product: GraphNode | undefined;
  for (;;) {
    const [reader, ...others] = readers(value);
    if (reader === undefined || others.length > 0 || reader.domain !== '' || reader.inputs[0] !== value) return graph;
    if (!passing.includes(reader.op)) {
      product = reader;
      break;
    }
    chain.push(reader);
    value = reader.outputs[0]!;
  }
  const weight = graph.weights.get(product.inputs[1] ?? '');
  const factor = graph.weights.get(scaled.inputs[1]!);
  const shift = shifted && graph.weights.get(shifted.inputs[1]!);
  if (weight?.dtype !== 'float32' || factor === undefined) return graph;
  if (readers(product.inputs[1]!).length !== 1) return graph;
  const stored = graph.inputs.find(({ name }) => name.endsWith('/stored'));
  if (stored === undefined) return graph;
  const affine = affineOf(factor, shift);
  const folded = fold(product, weight, affine, stored.dims.slice(1), chain.length > 0 && chain.some(isReshaping));
  return folded === undefined ? graph : rewritten(graph, { scaled, shifted, product, factor, shift, folded });
}

function isReshaping({ op }: GraphNode): boolean {
  return op !== 'Identity';
}

/** Whether a value is a stored input as float32. */
function isStored({ nodes }: Graph, value: string): boolean {
  const cast = nodes.find(({ outputs }) => outputs[0] === value);
  return value.endsWith('/stored') || (cast?.op === 'Cast' && cast.inputs[0]!.endsWith('/stored'));
}

function affineOf(factor: Tensor, shift: Tensor | undefined): Affine {
  const numbers = (tensor: Tensor) => Float64Array.from(tensor.data as Float32Array);
  return { factor: numbers(factor), shift: shift ? numbers(shift) : new Float64Array(factor.data.length) };
}

function fold(
  product: GraphNode,
  weight: Tensor,
  affine: Affine,
  dims: readonly (number | string)[],
  isFlat: boolean,
): Folded | undefined {
  const sizes = dims.filter((size) => typeof size === 'number');
  if (sizes.length < dims.length) return undefined;
  if (product.op === 'Conv' && !isFlat) return foldConv(product, weight, affine);
  const isRows = isFlat || dims.length === 1;
  const count = sizes.reduce((all, size) => all * size, 1);
  const perChannel = dims.length === 1 ? 1 : count / sizes[0]!;
  // One pair for all numbers of a vector, or one for each channel of an image.
  const channelOf = (feature: number) =>
    affine.factor.length === 1 ? 0 : dims.length === 1 ? feature : Math.floor(feature / perChannel);
  const isGemm = product.op === 'Gemm' && numberAttribute(product, 'transA', 0) === 0;
  if (!isRows || !(isGemm || product.op === 'MatMul') || weight.dims.length !== 2) return undefined;
  if (isGemm && (numberAttribute(product, 'alpha', 1) !== 1 || numberAttribute(product, 'beta', 1) !== 1))
    return undefined;
  const isTurned = isGemm && numberAttribute(product, 'transB', 0) === 1;
  const [features, outputs] = (isTurned ? [...weight.dims].reverse() : weight.dims) as [number, number];
  if (features !== count) return undefined;
  const data = weight.data as Float32Array;
  const next = new Float32Array(data.length);
  const bias = new Float64Array(outputs);
  for (let feature = 0; feature < features; feature++) {
    const channel = channelOf(feature);
    const [factor, shift] = [affine.factor[channel]!, affine.shift[channel]!];
    for (let output = 0; output < outputs; output++) {
      const at = isTurned ? output * features + feature : feature * outputs + output;
      next[at] = data[at]! * factor;
      bias[output]! += data[at]! * shift;
    }
  }
  return { weight: float32(next, weight.dims), bias };
}

function foldConv(conv: GraphNode, weight: Tensor, { factor, shift }: Affine): Folded | undefined {
  const [filters, channels] = weight.dims as [number, number];
  if (numberAttribute(conv, 'group', 1) !== 1 || (factor.length !== 1 && factor.length !== channels)) return undefined;
  const area = weight.data.length / (filters * channels);
  const data = weight.data as Float32Array;
  const next = new Float32Array(data.length);
  const bias = new Float64Array(filters);
  for (let at = 0; at < data.length; at++) {
    const channel = factor.length === 1 ? 0 : Math.floor(at / area) % channels;
    next[at] = data[at]! * factor[channel]!;
    bias[Math.floor(at / (area * channels))]! += data[at]! * shift[channel]!;
  }
  const pads = intsAttribute(conv, 'pads') ?? [];
  const auto = stringAttribute(conv, 'auto_pad', 'NOTSET');
  const isPadded = pads.some((pad) => pad !== 0) || (auto !== 'NOTSET' && auto !== 'VALID');
  return { weight: float32(next, weight.dims), bias: isPadded && shift.some((one) => one !== 0) ? undefined : bias };
}

interface Found {
  readonly scaled: GraphNode;
  readonly shifted: GraphNode | undefined;
  readonly product: GraphNode;
  readonly factor: Tensor;
  readonly shift: Tensor | undefined;
  readonly folded: Folded;
}

function rewritten(graph: Graph, { scaled, shifted, product, factor, shift, folded }: Found): Graph {
  const weights = new Map(graph.weights);
  const nodes: GraphNode[] = [];
  weights.set(product.inputs[1]!, folded.weight);
  const [raw] = scaled.inputs as [string];
  const keepsShift = shifted !== undefined && folded.bias === undefined;
  // x factor + shift = (x + shift / factor) factor.
  const moved = 'rho/shift before the factor';
  if (keepsShift) {
    const data = Float32Array.from(shift!.data as Float32Array, (one, i) => one / Number(factor.data[i]));
    weights.set(moved, float32(data, shift!.dims));
  }
  const last = (shifted ?? scaled).outputs[0]!;
  const biased = biasedProduct(graph, product, folded.bias, weights);
  for (const node of graph.nodes) {
    if (node === scaled || (node === shifted && !keepsShift)) continue;
    if (node === product) nodes.push(...biased);
    else if (node === shifted) nodes.push({ ...node, inputs: [raw, moved] });
    else
      nodes.push(keepsShift ? node : { ...node, inputs: node.inputs.map((input) => (input === last ? raw : input)) });
  }
  return { ...graph, weights, nodes };
}

/** The product with `bias` added to the bias it has, or to its result where it has none of its own. */
function biasedProduct(
  graph: Graph,
  product: GraphNode,
  bias: Float64Array | undefined,
  weights: Map<string, Tensor>,
): readonly GraphNode[] {
  if (bias === undefined || bias.every((one) => one === 0)) return [product];
  const [input, weight, own = ''] = product.inputs as [string, string, string?];
  const name = 'rho/bias with the shift';
  const given = own === '' ? undefined : graph.weights.get(own);
  const fits = given?.dtype === 'float32' && given.data.length === bias.length;
  if (product.op === 'MatMul' || (own !== '' && !fits)) {
    const isConv = product.op === 'Conv';
    weights.set(name, float32(bias, isConv ? [bias.length, 1, 1] : [bias.length]));
    const between = 'rho/product without the shift';
    const [output] = product.outputs as [string];
    return [
      { ...product, outputs: [between] },
      { name, op: 'Add', domain: '', inputs: [between, name], outputs: [output], attributes: {} },
    ];
  }
  const sum = Float64Array.from(bias, (one, i) => one + (fits ? Number(given.data[i]) : 0));
  weights.set(name, float32(sum, [bias.length]));
  return [{ ...product, inputs: [input, weight, name] }];
}
