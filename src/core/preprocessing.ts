/**
 * How stored numbers become the numbers a model is fed, written into the graph in front of the model and recorded in
 * every fingerprint. `standardize` gives `(x * scale - mean[c]) / std[c]` for the channel c on the axis after the batch.
 * `tokens` are ids of a vocabulary, filled up to one length; a model's inputs are made from them by name: `input_ids` are
 * the ids, `attention_mask` is 1 where an id is no padding, `token_type_ids` are 0.
 */
export type Preprocessing =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'standardize';
      /** What brings a stored number to 0..1, for instance 1/255. */
      readonly scale: number;
      readonly mean: readonly number[];
      readonly std: readonly number[];
    }
  | {
      readonly kind: 'tokens';
      /** What cut the text into tokens, with the SHA-256 of its vocabulary. */
      readonly tokenizer: string;
      /** How many ids there are. */
      readonly vocabulary: number;
      /** The id that fills up short texts. */
      readonly padding: number;
    };
