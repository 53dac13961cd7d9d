/** What a model says of some examples; every column has the same length. A prediction below 0 is not known. */
export interface Predictions {
  /** Cross-entropy by the label given, never NaN. */
  readonly loss: ArrayLike<number>;
  /** The labels given. */
  readonly labels: ArrayLike<number>;
  /** Class with the largest logit. */
  readonly predicted: ArrayLike<number>;
  /** Probability of the label given minus the largest other one. */
  readonly margin: ArrayLike<number>;
}

/** The probability that the model gives to the label of a row. */
export function givenProbability({ loss }: Pick<Predictions, 'loss'>, row: number): number {
  return Math.exp(-loss[row]!);
}

/** The probability of the class predicted in a row; NaN where that is not known. */
export function predictedProbability({ loss, margin }: Pick<Predictions, 'loss' | 'margin'>, row: number): number {
  const given = Math.exp(-loss[row]!);
  // Both numbers are rounded to 24 bits: their sum may lie a little outside.
  return Math.min(1, given - Math.min(0, margin[row]!));
}

/**
 * Marks the rows whose label is suspect: the model predicts another class, and gives it at least the probability that it gives
 * to this class, on average, where this is the label. So no threshold has to be chosen: where labels are noisy and the model
 * unsure, less is asked for. This is the rule of confident learning (Northcutt, Jiang and Chuang, 2021), of which it looks at
 * the most probable class alone.
 */
export function findSuspects(predictions: Predictions, classes: number): Uint8Array {
  const { labels, predicted } = predictions;
  const usual = usualConfidence(predictions, classes);
  return Uint8Array.from({ length: labels.length }, (_, row) => {
    const suggested = predicted[row]!;
    if (suggested < 0 || suggested === labels[row]) return 0;
    // False for a class that is no label at all.
    return predictedProbability(predictions, row) >= usual[suggested]! ? 1 : 0;
  });
}

/** The mean probability of the label by class; NaN for a class that no row has. */
function usualConfidence(predictions: Predictions, classes: number): Float64Array {
  const [sums, counts] = [new Float64Array(classes), new Float64Array(classes)];
  for (let row = 0; row < predictions.labels.length; row++) {
    const label = predictions.labels[row]!;
    sums[label]! += givenProbability(predictions, row);
    counts[label]! += 1;
  }
  return sums.map((sum, label) => sum / counts[label]!);
}
