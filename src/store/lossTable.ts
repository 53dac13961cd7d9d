import { dataError } from '../core/errors.ts';

/** Stands for the prediction of a model whose losses came without. */
export const unknownClass = -1;

/** What a model says of some examples, one row each; every column has the length of `ids`. */
export interface LossTable {
  /** Global ids. */
  readonly ids: Uint32Array;
  /** Cross-entropy by the label given. */
  readonly loss: Float32Array;
  /** The labels given. */
  readonly labels: Int32Array;
  /** Class with the largest logit; `unknownClass` where only a loss is known. */
  readonly predicted: Int32Array;
  /** Probability of the label given minus the largest other one; NaN where only a loss is known. */
  readonly margin: Float32Array;
}

/** A row for each of `ids` whose label is known and nothing else yet. */
export function unscoredTable(ids: Uint32Array, labels: Int32Array): LossTable {
  return {
    ids,
    loss: new Float32Array(ids.length).fill(Number.NaN),
    labels: Int32Array.from(ids, (id) => labels[id]!),
    predicted: new Int32Array(ids.length).fill(unknownClass),
    margin: new Float32Array(ids.length).fill(Number.NaN),
  };
}

/** Figures over all rows of a store. */
export interface LossStatistics {
  /** Mean of the finite losses; null where there is none. */
  readonly meanLoss: number | null;
  /** Share of the rows predicted as labelled; null where no prediction is known. */
  readonly accuracy: number | null;
  /** Losses that are not a number. */
  readonly nan: number;
  /** Losses that are infinite. */
  readonly infinite: number;
}

/** The rows of all `tables` in ascending order of id. An id that is there twice is a data error. */
export function joinTables(tables: readonly LossTable[]): LossTable {
  const rows = tables.reduce((sum, { ids }) => sum + ids.length, 0);
  const ids = concatenate(new Uint32Array(rows), tables, 'ids');
  const order = Uint32Array.from(ids.keys()).sort((a, b) => ids[a]! - ids[b]!);
  for (let i = 1; i < rows; i++)
    if (ids[order[i]!] === ids[order[i - 1]!])
      throw dataError(`Cannot join losses: id ${ids[order[i]!]} is there twice, expected every id once`);

  const loss = concatenate(new Float32Array(rows), tables, 'loss');
  const labels = concatenate(new Int32Array(rows), tables, 'labels');
  const predicted = concatenate(new Int32Array(rows), tables, 'predicted');
  const margin = concatenate(new Float32Array(rows), tables, 'margin');
  return {
    ids: Uint32Array.from(order, (row) => ids[row]!),
    loss: Float32Array.from(order, (row) => loss[row]!),
    labels: Int32Array.from(order, (row) => labels[row]!),
    predicted: Int32Array.from(order, (row) => predicted[row]!),
    margin: Float32Array.from(order, (row) => margin[row]!),
  };
}

/** The rows `from` up to `to`, as views. */
export function sliceTable({ ids, loss, labels, predicted, margin }: LossTable, from: number, to: number): LossTable {
  return {
    ids: ids.subarray(from, to),
    loss: loss.subarray(from, to),
    labels: labels.subarray(from, to),
    predicted: predicted.subarray(from, to),
    margin: margin.subarray(from, to),
  };
}

function concatenate<T extends Uint32Array | Int32Array | Float32Array>(
  into: T,
  tables: readonly LossTable[],
  column: keyof LossTable,
): T {
  let at = 0;
  for (const table of tables) {
    into.set(table[column], at);
    at += table[column].length;
  }
  return into;
}

/** What statistics are made from; those of several tables add up. */
export interface LossSums {
  readonly rows: number;
  /** Of the finite losses. */
  readonly sum: number;
  readonly nan: number;
  readonly infinite: number;
  /** Rows whose prediction is known, and how many of them are predicted as labelled. */
  readonly predicted: number;
  readonly correct: number;
}

export const noLosses: LossSums = { rows: 0, sum: 0, nan: 0, infinite: 0, predicted: 0, correct: 0 };

export function sumLosses({ ids, loss, labels, predicted }: Omit<LossTable, 'margin'>): LossSums {
  const sums = { ...noLosses, rows: ids.length };
  for (let row = 0; row < ids.length; row++) {
    const value = loss[row]!;
    if (Number.isFinite(value)) sums.sum += value;
    else if (Number.isNaN(value)) sums.nan++;
    else sums.infinite++;
    if (predicted[row] !== unknownClass) sums.predicted++;
    if (predicted[row] === labels[row]) sums.correct++;
  }
  return sums;
}

export function addSums(a: LossSums, b: LossSums): LossSums {
  return {
    rows: a.rows + b.rows,
    sum: a.sum + b.sum,
    nan: a.nan + b.nan,
    infinite: a.infinite + b.infinite,
    predicted: a.predicted + b.predicted,
    correct: a.correct + b.correct,
  };
}

/** Mean loss, accuracy and what is not finite. */
export function lossStatistics({ rows, sum, nan, infinite, predicted, correct }: LossSums): LossStatistics {
  const finite = rows - nan - infinite;
  return {
    meanLoss: finite > 0 ? sum / finite : null,
    accuracy: predicted > 0 ? correct / predicted : null,
    nan,
    infinite,
  };
}
