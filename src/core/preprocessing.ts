/**
 * How stored numbers become the numbers a model is fed, written into the graph in front of the model and recorded in
 * every fingerprint. `standardize` gives `(x * scale - mean[c]) / std[c]` for the channel c on the axis after the batch.
 */
export type Preprocessing =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'standardize';
      /** What brings a stored number to 0..1, for instance 1/255. */
      readonly scale: number;
      readonly mean: readonly number[];
      readonly std: readonly number[];
    };
