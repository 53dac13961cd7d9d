import { float32 } from '../core/tensor.ts';
import { float, int, ints } from '../onnx/graph.ts';
import { elementTypeOf } from '../onnx/tensorProto.ts';
import { filledWith, type Initial, type Layers, linear } from './layers.ts';

// The parts of BERT (Devlin et al. 2019). Rows of activations, [batch * length, width], stay matrices, so that every layer
// is one Gemm; only attention takes them apart. The length of a text is taken from the ids while the graph runs: a graph that
// is derived from it may leave it open.

/** Sizes of an encoder. */
export interface EncoderSize {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Width of the hidden layer of the feed-forward network. */
  readonly feedForward: number;
}

/** An encoder on its way: what its layers share. */
export interface Encoder {
  readonly layers: Layers;
  readonly size: EncoderSize;
  /** What each token's row is taken apart to for attention: int64 [batch, length, heads, width / heads]. */
  readonly headsShape: string;
  /** int64 [batch, length, width]. */
  readonly tokensShape: string;
  /** Probability that Dropout takes a value away in training. */
  readonly dropout: number;
  /** 0 for tokens and -1e9 for padding, [batch, 1, 1, length]. */
  readonly mask: string;
}

/** Added to the attention that goes to padding: after softmax nothing is left of it. */
const hidden = -1e9;

/** BERT's and ALBERT's epsilon. */
const layerNormEpsilon = 1e-12;

/** BERT's standard deviation of initial weights. */
const initialDeviation = 0.02;

/**
 * A bell around 0 with BERT's standard deviation, 0.02: the sum of three uniform numbers, which ends at three deviations. BERT
 * draws from a normal distribution cut at two; logarithms and cosines would not be the same in every runtime.
 */
const bell: Initial = (data, random) => {
  // A uniform number has the variance 1/12, so the sum of three has the deviation 1/2.
  const scale = 2 * initialDeviation;
  for (let i = 0; i < data.length; i++) data[i] = (random.unit() + random.unit() + random.unit() - 1.5) * scale;
};

/** x Wᵀ + b with BERT's initial values. */
export function dense(layers: Layers, x: string, name: string, units: number, output: string): string {
  return linear(layers, x, name, units, { output, initial: { weight: bell, bias: filledWith(0) } });
}

/** Rows of a table that is a weight; `ids` of any shape. */
export function embedding(layers: Layers, ids: string, name: string, rows: number, width: number): string {
  const table = layers.weight(`${name}.weight`, [rows, width], bell);
  return layers.builder.node('Gather', [table, ids], { axis: int(0) }, { outputs: [`${name}.out`] });
}

/** The rows of a table of positions for `ids` [batch, length]: the first ones, [length, width]. */
export function positionEmbedding(layers: Layers, ids: string, name: string, rows: number, width: number): string {
  const { builder } = layers;
  const table = layers.weight(`${name}.weight`, [rows, width], bell);
  const length = builder.node('Shape', [ids], { start: int(1) }, { outputs: ['length'] });
  const first = builder.int64([0]);
  return builder.node('Slice', [table, first, length, first], {}, { outputs: [`${name}.out`] });
}

/** Layer normalisation over the last axis; scale 1 and bias 0 to begin with. */
export function layerNorm(layers: Layers, x: string, name: string, output: string): string {
  const { builder, weight } = layers;
  const width = [Number(builder.type(x).dims.at(-1))];
  const weights = [weight(`${name}.weight`, width, filledWith(1)), weight(`${name}.bias`, width, filledWith(0))];
  const attributes = { axis: int(-1), epsilon: float(layerNormEpsilon) };
  return builder.node('LayerNormalization', [x, ...weights], attributes, { outputs: [output] });
}

/** Dropout as a file in eval form holds it: inert, and a mask once it is trained. */
export function dropout({ builder }: Layers, x: string, ratio: number): string {
  return ratio === 0 ? x : builder.node('Dropout', [x, builder.scalar(ratio)], {}, { outputs: [`${x}.dropout`] });
}

/** What hides the padding from attention, made from a mask of 1 for tokens and 0 for padding, [batch, length]. */
function attentionMask({ builder }: Layers, mask: string): string {
  const present = builder.node('Cast', [mask], { to: int(elementTypeOf('float32')) }, { outputs: ['mask.present'] });
  const absent = builder.node('Sub', [builder.scalar(1), present], {}, { outputs: ['mask.absent'] });
  const added = builder.node('Mul', [absent, builder.scalar(hidden)], {}, { outputs: ['mask.added'] });
  return builder.node('Reshape', [added, builder.int64([0, 1, 1, -1])], {}, { outputs: ['mask'] });
}

/** What the layers of an encoder share; `ids` and `mask` are [batch, length], the mask 1 for tokens and 0 for padding. */
export function encoderOn(
  layers: Layers,
  { ids, mask }: { readonly ids: string; readonly mask: string },
  size: EncoderSize,
  dropout: number,
): Encoder {
  const { builder } = layers;
  const shape = builder.node('Shape', [ids], {}, { outputs: ['shape'] });
  const shapeWith = (name: string, sizes: readonly number[]) =>
    builder.node('Concat', [shape, builder.int64(sizes)], { axis: int(0) }, { outputs: [`shape.${name}`] });
  return {
    layers,
    size,
    dropout,
    headsShape: shapeWith('heads', [size.heads, size.width / size.heads]),
    tokensShape: shapeWith('tokens', [size.width]),
    mask: attentionMask(layers, mask),
  };
}

/** Names of the weights of one layer. */
export interface LayerNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly feedForward: string;
  readonly feedForwardOutput: string;
  readonly outputNorm: string;
}

/** One layer, normalisation behind each half (post-norm), on rows x [batch * length, width]; `scope` begins its values' names. */
export function encoderLayer(
  encoder: Encoder,
  x: string,
  names: LayerNames,
  scope: string,
  activation: (layers: Layers, x: string) => string,
): string {
  const { layers, size, dropout: ratio } = encoder;
  const { builder } = layers;
  const half = (from: string, result: string, norm: string, name: string) => {
    const sum = builder.node('Add', [dropout(layers, result, ratio), from], {}, { outputs: [`${scope}/${name}.sum`] });
    return layerNorm(layers, sum, norm, `${scope}/${name}`);
  };
  const context = attention(encoder, x, names, `${scope}/attention`);
  const attended = dense(layers, context, names.attentionOutput, size.width, `${scope}/attention.dense`);
  const middle = half(x, attended, names.attentionNorm, 'attention.norm');
  const wide = dense(layers, middle, names.feedForward, size.feedForward, `${scope}/wide`);
  const narrow = dense(layers, activation(layers, wide), names.feedForwardOutput, size.width, `${scope}/narrow`);
  return half(middle, narrow, names.outputNorm, 'out');
}

/** softmax(Q Kᵀ / √d + mask) V for each head. */
function attention(
  { layers, size, headsShape, mask, dropout: ratio }: Encoder,
  x: string,
  names: LayerNames,
  scope: string,
) {
  const { builder } = layers;
  const { width, heads } = size;
  const step = (op: string, inputs: readonly string[], name: string, attributes = {}) =>
    builder.node(op, inputs, attributes, { outputs: [`${scope}.${name}`] });
  const apart = (value: string, name: string, order: readonly number[]) => {
    const cut = step('Reshape', [value, headsShape], `${name}.heads`);
    return step('Transpose', [cut], `${name}.turned`, { perm: ints(order) });
  };
  const project = (weights: string, name: string) => dense(layers, x, weights, width, `${scope}.${name}`);
  // Scaled before the product, which has more numbers than the queries have.
  const scaled = step(
    'Mul',
    [project(names.query, 'query'), builder.scalar(1 / Math.sqrt(width / heads))],
    'query.scaled',
  );
  const queries = apart(scaled, 'query', [0, 2, 1, 3]);
  const keys = apart(project(names.key, 'key'), 'key', [0, 2, 3, 1]);
  const values = apart(project(names.value, 'value'), 'value', [0, 2, 1, 3]);
  const scores = step('Add', [step('MatMul', [queries, keys], 'scores'), mask], 'scores.masked');
  const shares = dropout(layers, step('Softmax', [scores], 'shares', { axis: int(-1) }), ratio);
  const context = step('Transpose', [step('MatMul', [shares, values], 'context')], 'context.turned', {
    perm: ints([0, 2, 1, 3]),
  });
  return step('Reshape', [context, builder.int64([-1, width])], 'context.rows');
}

/** x Φ(x), exactly, with Erf. */
export function gelu({ builder }: Layers, x: string): string {
  const step = (op: string, inputs: readonly string[], name: string) =>
    builder.node(op, inputs, {}, { outputs: [`${x}.gelu${name}`] });
  const erf = step('Erf', [step('Div', [x, builder.constant(float32([Math.SQRT2], []))], '.scaled')], '.erf');
  const product = step('Mul', [x, step('Add', [erf, builder.scalar(1)], '.above')], '.doubled');
  return step('Mul', [product, builder.scalar(0.5)], '');
}

/** The tanh approximation x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, which ALBERT uses ("gelu_new"). */
export function geluTanh({ builder }: Layers, x: string): string {
  const step = (op: string, inputs: readonly string[], name: string) =>
    builder.node(op, inputs, {}, { outputs: [`${x}.gelu${name}`] });
  const cube = step('Mul', [step('Mul', [x, x], '.square'), x], '.cube');
  const bent = step('Add', [x, step('Mul', [cube, builder.scalar(0.044715)], '.bend')], '.bent');
  const tanh = step('Tanh', [step('Mul', [bent, builder.scalar(Math.sqrt(2 / Math.PI))], '.scaled')], '.tanh');
  const product = step('Mul', [x, step('Add', [tanh, builder.scalar(1)], '.above')], '.doubled');
  return step('Mul', [product, builder.scalar(0.5)], '');
}

/** The row of each example's first token, [batch, width], from all rows. */
export function firstTokens({ layers, tokensShape }: Encoder, rows: string): string {
  const { builder } = layers;
  const apart = builder.node('Reshape', [rows, tokensShape], {}, { outputs: ['tokens'] });
  const first = builder.constant({ dtype: 'int64', dims: [], data: BigInt64Array.of(0n) });
  return builder.node('Gather', [apart, first], { axis: int(1) }, { outputs: ['first'] });
}

/** BERT's classifier: tanh of a dense layer on the first token, dropout, and the classes. */
export function classify(encoder: Encoder, rows: string, pooler: string, classes: number, ratio: number): string {
  const { layers, size } = encoder;
  const pooled = dense(layers, firstTokens(encoder, rows), pooler, size.width, 'pooler');
  const tanh = layers.builder.node('Tanh', [pooled], {}, { outputs: ['pooled'] });
  return dense(layers, dropout(layers, tanh, ratio), 'classifier', classes, 'logits');
}
