import { type LossTable, unknownClass } from '../../store/lossTable.ts';

/** How many examples with a label are predicted as a class. */
export interface Confusion {
  readonly label: number;
  readonly predicted: number;
  readonly count: number;
}

/** What labels and predictions come to, over all rows of a store. */
export interface Confusions {
  /** Examples by label, of the labels that there are. */
  readonly examples: ReadonlyMap<number, number>;
  /** Of every pair that there is, most examples first; rows whose prediction is not known are in none. */
  readonly pairs: readonly Confusion[];
}

/** Counts labels, and pairs of label and prediction, in one pass. */
export function countConfusions({ labels, predicted }: Pick<LossTable, 'labels' | 'predicted'>): Confusions {
  const examples = new Map<number, number>();
  const counts = new Map<number, number>();
  const width = predicted.reduce((most, one) => Math.max(most, one), 0) + 1;
  for (let row = 0; row < labels.length; row++) {
    const [label, suggested] = [labels[row]!, predicted[row]!];
    examples.set(label, (examples.get(label) ?? 0) + 1);
    if (suggested === unknownClass) continue;
    const pair = label * width + suggested;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  const pairs = [...counts].map(([pair, count]): Confusion => {
    const label = Math.floor(pair / width);
    return { label, predicted: pair - label * width, count };
  });
  return {
    examples,
    pairs: pairs.sort((a, b) => b.count - a.count || a.label - b.label || a.predicted - b.predicted),
  };
}
