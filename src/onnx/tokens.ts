import type { InputSpec } from '../core/batch.ts';
import { dataError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import { int64, type Tensor } from '../core/tensor.ts';
import type { GraphBuilder } from './builder.ts';
import { type Dim, type Graph, type GraphValue, int } from './graph.ts';
import { elementTypeOf } from './tensorProto.ts';

type TokenPreprocessing = Extract<Preprocessing, { readonly kind: 'tokens' }>;

/** The input that takes the token ids of the examples, [batch, length]. */
export const tokensInput = 'rho/tokens';

/** The size of an example where that is left open. */
export const anyLength = 'tokens';

/** What the inputs of a model on tokens are made from. */
interface Tokens {
  readonly builder: GraphBuilder;
  /** Token ids, [batch, length]. */
  readonly ids: string;
  /** The most token ids of an example. */
  readonly length: number;
  readonly padding: Tensor;
}

/** The input that tells texts from the padding behind them. */
export const maskInput = 'attention_mask';

/** Inputs by the names that Hugging Face's models and their exports give them. */
const inputsByName: ReadonlyMap<string, (tokens: Tokens) => string> = new Map([
  ['input_ids', ({ ids }) => ids],
  [
    maskInput,
    ({ builder, ids, padding }) => builder.node('Not', [builder.node('Equal', [ids, builder.constant(padding)])]),
  ],
  ['token_type_ids', zeros],
  [
    'position_ids',
    (tokens) => {
      const wide = tokens.builder.node('Cast', [zeros(tokens)], { to: int(elementTypeOf('int64')) });
      return tokens.builder.node('Add', [wide, positions(tokens)]);
    },
  ],
]);

/** 0, 1, … as int64 [1, length]. */
function positions({ builder, ids, length }: Tokens): string {
  const all = Array.from({ length }, (_, position) => position);
  const row = builder.constant(int64(all, [1, length]));
  if (builder.type(ids).dims[1] === length) return row;
  const end = builder.node('Gather', [builder.node('Shape', [ids]), builder.int64([1])]);
  return builder.node('Slice', [row, builder.int64([0]), end, builder.int64([1])]);
}

function zeros({ builder, ids }: Tokens): string {
  return builder.node('Sub', [ids, ids]);
}

/**
 * Declares one input of token ids, [batch, length], and computes the inputs of a model from it by their names; a single
 * input takes the ids whatever it is called. `dim` is the length, or `anyLength`. Throws a data error for other names and for
 * another length.
 */
export function declareTokens(
  builder: GraphBuilder,
  graph: Graph,
  batch: number | string,
  stored: readonly InputSpec[],
  { padding, vocabulary }: TokenPreprocessing,
  name: string,
  dim: Dim | undefined = stored[0]?.dims[0],
): void {
  const [spec] = stored;
  const length = spec?.dims[0];
  if (spec === undefined || stored.length > 1 || spec.dims.length !== 1 || length === undefined || dim === undefined)
    throw dataError(
      `Cannot feed "${name}": token ids were expected as one list for each example, found ${stored.length} inputs of shape ${stored.map(({ dims }) => `[${dims.join(', ')}]`).join(' ')}`,
    );
  const ids = builder.input({ name: tokensInput, dtype: spec.dtype, dims: [batch, dim] });
  const tokens = { builder, ids, length, padding: numberOf(spec, padding) };
  for (const input of graph.inputs) {
    requireLength(input, length, name);
    const make = graph.inputs.length === 1 ? inputsByName.get('input_ids') : inputsByName.get(input.name);
    if (make === undefined)
      throw dataError(
        `Cannot feed "${name}": nothing in the data tells its input "${input.name}", expected ${[...inputsByName.keys()].join(', ')}`,
      );
    if (make === inputsByName.get('input_ids')) requireVocabulary(graph, input.name, vocabulary, name);
    builder.node('Cast', [make(tokens)], { to: int(elementTypeOf(input.dtype)) }, { outputs: [input.name] });
  }
}

/** Throws a data error where a table that ids are looked up in has fewer rows than there are ids. */
function requireVocabulary({ nodes, weights }: Graph, ids: string, vocabulary: number, name: string): void {
  for (const { op, inputs } of nodes) {
    const [table = '', index] = inputs;
    const rows = op === 'Gather' && index === ids ? weights.get(table)?.dims[0] : undefined;
    if (rows !== undefined && rows < vocabulary)
      throw dataError(
        `Cannot feed "${name}": its table "${table}" knows ${rows} tokens, the vocabulary of the data has ${vocabulary}; pass the --vocab it was made for`,
      );
  }
}

function numberOf({ dtype }: InputSpec, value: number): Tensor {
  return dtype === 'int64' ? int64([value], []) : { dtype: 'int32', dims: [], data: Int32Array.of(value) };
}

function requireLength({ name: input, dims }: GraphValue, length: number, name: string): void {
  const expected = dims[1];
  // No sizes at all: the file does not give the shape.
  if (dims.length === 0) return;
  if (dims.length !== 2 || (typeof expected === 'number' && expected !== length))
    throw dataError(
      `Cannot feed "${name}": an example of the data is ${length} token ids, the input "${input}" expects [${dims.slice(1).join(', ')}]${typeof dims[1] === 'number' ? `; pass --tokens ${dims[1]}` : ''}`,
    );
}
