import type { InputSpec } from '../core/batch.ts';
import { dataError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import { elementCount, float32 } from '../core/tensor.ts';
import type { GraphBuilder } from './builder.ts';
import { type Graph, type GraphValue, int } from './graph.ts';
import { elementTypeOf } from './tensorProto.ts';
import { declareTokens, tokensInput } from './tokens.ts';

/** How a model is fed from a data set. */
export interface FeedOptions {
  /** What an error calls the model. */
  readonly name: string;
  /** One per model input, in order. */
  readonly stored: readonly InputSpec[];
  readonly preprocessing: Preprocessing;
  /** Classes of the data, which the model must know; left out where the labels are known to fit. */
  readonly classes?: number;
}

/** What is done to stored numbers that are no ids. */
type NumberPreprocessing = Exclude<Preprocessing, { readonly kind: 'tokens' }>;

/** Declares all inputs of a model as the data set stores them, see declareStoredInput. */
export function declareStoredInputs(
  builder: GraphBuilder,
  graph: Graph,
  batch: number | string,
  { name, stored, preprocessing }: FeedOptions,
): void {
  if (preprocessing.kind === 'tokens') {
    declareTokens(builder, graph, batch, stored, preprocessing, name);
    return;
  }
  if (graph.inputs.length !== stored.length)
    throw dataError(
      `Cannot feed "${name}": it takes ${graph.inputs.length} inputs, an example of the data has ${stored.length}`,
    );
  graph.inputs.forEach((input, index) => {
    declareStoredInput(builder, input, batch, stored[index]!, preprocessing, name);
  });
}

/**
 * Declares the input `input` of a model as the data set stores it, [batch, ...dims], and computes from it what the model
 * expects, under the input's own name. Stored bytes travel to the device and become numbers there, at a quarter of the
 * traffic. Throws a data error where the shapes do not fit.
 */
function declareStoredInput(
  builder: GraphBuilder,
  input: GraphValue,
  batch: number | string,
  stored: InputSpec,
  preprocessing: NumberPreprocessing,
  name: string,
): void {
  const dims = [batch, ...stored.dims];
  if (isFedAsItIs(input, stored, preprocessing)) {
    builder.input({ ...input, dims });
    return;
  }
  const raw = builder.input({ name: storedName(input.name), dtype: stored.dtype, dims });
  const numbers =
    stored.dtype === input.dtype ? raw : builder.node('Cast', [raw], { to: int(elementTypeOf(input.dtype)) });
  const shaped = shapedLike(builder, standardized(builder, numbers, preprocessing, stored), input, stored, name);
  builder.node('Identity', [shaped], {}, { outputs: [input.name] });
}

/** The inputs that take the stored examples once they are declared, in order. */
export function fedInputs(graph: Graph, { stored, preprocessing }: FeedOptions): readonly string[] {
  if (preprocessing.kind === 'tokens') return [tokensInput];
  return graph.inputs.map((input, index) =>
    isFedAsItIs(input, stored[index]!, preprocessing) ? input.name : storedName(input.name),
  );
}

function isFedAsItIs(input: GraphValue, stored: InputSpec, preprocessing: Preprocessing): boolean {
  return stored.dtype === input.dtype && preprocessing.kind === 'none' && sameSizes(input.dims.slice(1), stored.dims);
}

function storedName(name: string): string {
  return `${name}/stored`;
}

function standardized(
  builder: GraphBuilder,
  value: string,
  preprocessing: NumberPreprocessing,
  stored: InputSpec,
): string {
  if (preprocessing.kind === 'none') return value;
  const { scale, mean, std } = preprocessing;
  // (x scale - mean) / std = x (scale / std) - mean / std, one value per channel.
  const perChannel = (numbers: readonly number[]) =>
    builder.constant(float32(numbers, [numbers.length, ...stored.dims.slice(1).map(() => 1)]));
  const scaled = builder.node('Mul', [value, perChannel(std.map((deviation) => scale / deviation))]);
  return builder.node('Add', [scaled, perChannel(std.map((deviation, channel) => -mean[channel]! / deviation))]);
}

function shapedLike(builder: GraphBuilder, value: string, input: GraphValue, stored: InputSpec, name: string): string {
  const sizes = input.dims.slice(1);
  if (sameSizes(sizes, stored.dims)) return value;
  const known = sizes.filter((size) => typeof size === 'number');
  if (known.length < sizes.length || elementCount(known) !== elementCount(stored.dims))
    throw dataError(
      `Cannot feed "${name}": an example of the data is [${stored.dims.join(', ')}], the input "${input.name}" expects [${sizes.join(', ')}]`,
    );
  return builder.node('Reshape', [value, builder.int64([-1, ...known])]);
}

function sameSizes(expected: readonly (number | string)[], found: readonly number[]): boolean {
  return (
    expected.length === found.length && expected.every((size, axis) => typeof size === 'string' || size === found[axis])
  );
}
