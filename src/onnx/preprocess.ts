import type { InputSpec } from '../core/batch.ts';
import { dataError, usageError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import { type Dtype, elementCount, float32 } from '../core/tensor.ts';
import type { GraphBuilder } from './builder.ts';
import { type Graph, type GraphValue, int, ints } from './graph.ts';
import type { Layout } from './layout.ts';
import { elementTypeOf } from './tensorProto.ts';
import { anyLength, declareTokens, tokensInput } from './tokens.ts';

export { type Layout, layouts } from './layout.ts';

/** How a model is fed from a data set. */
export interface FeedOptions {
  /** What an error calls the model. */
  readonly name: string;
  /** One per model input, in order. */
  readonly stored: readonly InputSpec[];
  readonly preprocessing: Preprocessing;
  /** Classes of the data, which the model must know; left out where the labels are known to fit. */
  readonly classes?: number;
  /** Default auto. */
  readonly layout?: Layout;
  /** Whether the number of token ids is left open, for a model that `ignoresPadding`; default no. */
  readonly anyLength?: boolean;
}

/** What is done to stored numbers that are no ids. */
type NumberPreprocessing = Exclude<Preprocessing, { readonly kind: 'tokens' }>;

/** Declares all inputs of a model as the data set stores them, see declareStoredInput. */
export function declareStoredInputs(
  builder: GraphBuilder,
  graph: Graph,
  batch: number | string,
  { name, stored, preprocessing, layout, anyLength: isOpen = false }: FeedOptions,
): void {
  if (preprocessing.kind === 'tokens') {
    declareTokens(builder, graph, batch, stored, preprocessing, name, isOpen ? anyLength : undefined);
    return;
  }
  if (graph.inputs.length !== stored.length)
    throw dataError(
      `Cannot feed "${name}": it takes ${graph.inputs.length} inputs, an example of the data has ${stored.length}`,
    );
  graph.inputs.forEach((input, index) => {
    declareStoredInput(builder, input, batch, { stored: stored[index]!, preprocessing, layout, name });
  });
}

/**
 * Declares the input `input` of a model as the data set stores it, [batch, ...dims], and computes from it what the model
 * expects, under the input's own name. Stored bytes travel to the device and become numbers there, at a quarter of the
 * traffic. Throws a data error where the shapes do not fit.
 */
function declareStoredInput(builder: GraphBuilder, input: GraphValue, batch: number | string, feed: InputFeed): void {
  const { stored } = feed;
  const dims = [batch, ...stored.dims];
  if (isFedAsItIs(input, feed)) {
    builder.input({ ...input, dims });
    return;
  }
  const raw = builder.input({ name: storedName(input.name), dtype: stored.dtype, dims });
  const numbers = numbersFor(builder, raw, input, feed);
  const shaped = shapedLike(builder, numbers, input, feed);
  builder.node('Identity', [shaped], {}, { outputs: [input.name] });
}

/** How one input is fed. */
interface InputFeed {
  readonly stored: InputSpec;
  readonly preprocessing: NumberPreprocessing;
  readonly layout: Layout | undefined;
  readonly name: string;
}

const fractions: readonly Dtype[] = ['float32', 'float16', 'float64'];

/** The stored numbers preprocessed, in the type of the input; fractions of any type are computed in float32. */
function numbersFor(builder: GraphBuilder, raw: string, input: GraphValue, feed: InputFeed): string {
  const { stored, preprocessing, name } = feed;
  const as = (value: string, dtype: Dtype) =>
    builder.type(value).dtype === dtype ? value : builder.node('Cast', [value], { to: int(elementTypeOf(dtype)) });
  if (preprocessing.kind === 'none') {
    if (stored.dtype === 'uint8' && input.dtype === 'int8')
      throw dataError(
        `Cannot feed "${name}": its input "${input.name}" takes int8, the data are bytes up to 255; export it with an input of uint8 or float32`,
      );
    return as(raw, input.dtype);
  }
  if (!fractions.includes(input.dtype))
    throw dataError(
      `Cannot feed "${name}": its input "${input.name}" takes ${input.dtype}, the preprocessing of the data gives fractions; pass --preprocessing raw to feed numbers as they are stored`,
    );
  return as(standardized(builder, as(raw, 'float32'), preprocessing, stored), input.dtype);
}

/** The inputs that take the stored examples once they are declared, in order. */
export function fedInputs(graph: Graph, { stored, preprocessing, layout, name }: FeedOptions): readonly string[] {
  if (preprocessing.kind === 'tokens') return [tokensInput];
  return graph.inputs.map((input, index) =>
    isFedAsItIs(input, { stored: stored[index]!, preprocessing, layout, name }) ? input.name : storedName(input.name),
  );
}

function isFedAsItIs(input: GraphValue, feed: InputFeed): boolean {
  const { stored, preprocessing } = feed;
  const fits = isUnknown(input) || sameSizes(input.dims.slice(1), stored.dims);
  return stored.dtype === input.dtype && preprocessing.kind === 'none' && fits && !hasChannelsLast(input, feed);
}

/** Whether the file does not give the shape of an input. */
function isUnknown({ dims }: GraphValue): boolean {
  return dims.length === 0;
}

function hasChannelsLast(input: GraphValue, { stored, layout = 'auto', name }: InputFeed): boolean {
  const isImage = stored.dims.length === 3;
  if (layout === 'nhwc' && !isImage)
    throw usageError(
      `Cannot use --layout nhwc with "${name}": an example of the data is [${stored.dims.join(', ')}], expected [channels, height, width]`,
    );
  if (layout !== 'auto') return layout === 'nhwc';
  const sizes = input.dims.slice(1);
  return isImage && !sameSizes(sizes, stored.dims) && sameSizes(sizes, channelsLast(stored.dims));
}

function channelsLast([channels, ...rest]: readonly number[]): readonly number[] {
  return [...rest, channels!];
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
  const shifts = std.map((deviation, channel) => -mean[channel]! / deviation);
  return shifts.every((shift) => shift === 0) ? scaled : builder.node('Add', [scaled, perChannel(shifts)]);
}

/** What to do about images of another shape, for the end of a sentence. */
function remedyFor(found: readonly number[], wanted: readonly number[], isTurned: boolean): string {
  if (isTurned) return '; leave --layout away';
  const [channels, height, width] = wanted;
  if (wanted.length !== 3 || found.length !== 3) return '';
  if (found[2] === channels && found[0] === height && found[1] === width)
    return '; store the channels first, as x.transpose(0, 3, 1, 2) does';
  return found[0] === channels && height === width ? `; photographs are brought to that by --image-size ${width}` : '';
}

function shapedLike(builder: GraphBuilder, value: string, input: GraphValue, feed: InputFeed): string {
  const { stored, name, layout } = feed;
  const isTurned = hasChannelsLast(input, feed);
  const turned = isTurned ? builder.node('Transpose', [value], { perm: ints([0, 2, 3, 1]) }) : value;
  const found = isTurned ? channelsLast(stored.dims) : stored.dims;
  const sizes = input.dims.slice(1);
  if (isUnknown(input) || sameSizes(sizes, found)) return turned;
  const known = sizes.filter((size) => typeof size === 'number');
  // Three sizes in another order are an image that is turned in a way nothing here knows.
  const isTurnedOtherwise = sizes.length === 3 && found.length === 3;
  if (known.length < sizes.length || elementCount(known) !== elementCount(found) || isTurnedOtherwise)
    throw dataError(
      `Cannot feed "${name}": an example of the data is [${stored.dims.join(', ')}], the input "${input.name}" expects [${sizes.join(', ')}]${remedyFor(stored.dims, known, isTurned && layout === 'nhwc')}`,
    );
  return builder.node('Reshape', [turned, builder.int64([-1, ...known])]);
}

function sameSizes(expected: readonly (number | string)[], found: readonly number[]): boolean {
  return (
    expected.length === found.length && expected.every((size, axis) => typeof size === 'string' || size === found[axis])
  );
}
