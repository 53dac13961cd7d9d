import { usageError } from '../core/errors.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { embedding, positionEmbedding } from './encoder.ts';
import type { Layers } from './layers.ts';

/** What an architecture needs to know of texts. */
export interface TokenOptions {
  /** Ids that there are. */
  readonly vocabulary: number;
}

/** The inputs of a model on token ids, as values of the graph. */
export interface TokenInput {
  /** int64 [batch, length]. */
  readonly ids: string;
  /** 1 for tokens and 0 for padding, int64 [batch, length]. */
  readonly mask: string;
  /** 0 for the first part of a text and 1 for the second, int64 [batch, length]; null without that input. */
  readonly types: string | null;
  readonly vocabulary: number;
  /** Rows of the table of positions. */
  readonly positions: number;
}

/** Declares the inputs of a model on token ids, under Hugging Face's names. */
export function tokenInput(
  builder: GraphBuilder,
  { inputDims, vocabulary }: TokenOptions & { readonly inputDims: readonly number[] },
  { positions, tokenTypes }: { readonly positions: number | null; readonly tokenTypes: boolean },
): TokenInput {
  const length = inputDims[0]!;
  if (positions !== null && length > positions)
    throw usageError(
      `Cannot build the model: an example of the data is ${length} token ids, it takes ${positions} at most; cut texts to that length`,
    );
  const input = (name: string) => builder.input({ name, dtype: 'int64', dims: ['batch', length] });
  return {
    ids: input('input_ids'),
    mask: input('attention_mask'),
    types: tokenTypes ? input('token_type_ids') : null,
    vocabulary,
    positions: positions ?? length,
  };
}

/**
 * The embeddings of words, kinds and positions added up, as rows [batch * length, width]; the names of the tables begin with
 * `table`.
 */
export function embeddedRows(layers: Layers, input: TokenInput, table: string, width: number): string {
  const { ids, types, vocabulary, positions } = input;
  const { builder } = layers;
  const words = embedding(layers, ids, `${table}.word_embeddings`, vocabulary, width);
  const places = positionEmbedding(layers, ids, `${table}.position_embeddings`, positions, width);
  const kinds = types === null ? [] : [embedding(layers, types, `${table}.token_type_embeddings`, 2, width)];
  const sum = [words, ...kinds, places].reduce((sum, next) =>
    builder.node('Add', [sum, next], {}, { outputs: [`embeddings+${next}`] }),
  );
  return builder.node('Reshape', [sum, builder.int64([-1, width])], {}, { outputs: ['embeddings.rows'] });
}
