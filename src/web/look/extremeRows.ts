/** Whether the highest or the lowest values are wanted. */
export type Extreme = 'highest' | 'lowest';

/**
 * The rows of `values` that `accepts` takes with the `count` most extreme values, the most extreme first, of equal ones the
 * first row. No value may be NaN. A few of millions are found in one pass, without sorting the rest.
 */
export function extremeRows(
  values: ArrayLike<number>,
  accepts: (row: number) => boolean,
  count: number,
  extreme: Extreme,
): number[] {
  const sign = extreme === 'highest' ? 1 : -1;
  const height = (row: number): number => sign * values[row]!;
  const best: number[] = [];
  for (let row = 0; row < values.length; row++) {
    if (!accepts(row)) continue;
    if (best.length === count && (count === 0 || height(row) <= height(best.at(-1)!))) continue;
    best.splice(placeIn(best, row, height), 0, row);
    if (best.length > count) best.pop();
  }
  return best;
}

/** Behind the last of those in descending order that are not lower. */
function placeIn(best: readonly number[], row: number, height: (row: number) => number): number {
  let [low, high] = [0, best.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (height(best[middle]!) >= height(row)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The rows of `values` that `accepts` takes with the `count` lowest values, where every label has its turn: first the lowest of
 * each label, then the second of each, and so on. Of a model that is sure, the lowest of all are equal, and of one label.
 */
export function lowestOfEach(
  values: ArrayLike<number>,
  labels: ArrayLike<number>,
  accepts: (row: number) => boolean,
  count: number,
): number[] {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < values.length; row++) {
    if (!accepts(row)) continue;
    const rows = rowsOf.get(labels[row]!);
    if (rows === undefined) rowsOf.set(labels[row]!, [row]);
    else rows.push(row);
  }
  const turns = [...rowsOf.values()].flatMap((rows) => {
    const its = rows.map((row) => values[row]!);
    return extremeRows(its, () => true, count, 'lowest').map((at, turn) => ({ row: rows[at]!, turn, value: its[at]! }));
  });
  turns.sort((a, b) => a.turn - b.turn || (a.value === b.value ? a.row - b.row : a.value < b.value ? -1 : 1));
  return turns.slice(0, count).map(({ row }) => row);
}
