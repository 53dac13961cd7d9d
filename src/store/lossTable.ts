import { dataError } from '../core/errors.ts';

/** What a model says of some examples, one row each; every column has the length of `ids`. */
export interface LossTable {
  /** Global ids. */
  readonly ids: Uint32Array;
  /** Cross-entropy by the label given. */
  readonly loss: Float32Array;
  /** The labels given. */
  readonly labels: Int32Array;
  readonly predicted: Int32Array;
  /** Probability of the label given minus the largest other one. */
  readonly margin: Float32Array;
}

/** Figures over all rows of a store. */
export interface LossStatistics {
  /** Mean of the finite losses; null where there is none. */
  readonly meanLoss: number | null;
  /** Share of the rows predicted as labelled; null where there is no row. */
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

/** Mean loss, accuracy and what is not finite. */
export function lossStatistics({ ids, loss, labels, predicted }: LossTable): LossStatistics {
  let sum = 0;
  let nan = 0;
  let infinite = 0;
  let correct = 0;
  for (let row = 0; row < ids.length; row++) {
    const value = loss[row]!;
    if (Number.isFinite(value)) sum += value;
    else if (Number.isNaN(value)) nan++;
    else infinite++;
    if (predicted[row] === labels[row]) correct++;
  }
  const finite = ids.length - nan - infinite;
  return {
    meanLoss: finite > 0 ? sum / finite : null,
    accuracy: ids.length > 0 ? correct / ids.length : null,
    nan,
    infinite,
  };
}
