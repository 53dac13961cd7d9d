/** How well two lists of losses of the same examples agree on their order. */
export interface RankAgreement {
  /** Spearman's rank correlation, -1 … 1; NaN where all ranks of a list are equal or there is no example. */
  readonly spearman: number;
  /** The share of the tenth with the largest losses in one list that is there in the other, 0 … 1; NaN of no example. */
  readonly topTenthOverlap: number;
}

/** Compares two lists of losses by their ranks alone. NaN ranks as the largest, as a loss that went over every bound would. */
export function rankAgreement(a: ArrayLike<number>, b: ArrayLike<number>): RankAgreement {
  if (a.length !== b.length) throw new Error(`Lists of ${a.length} and ${b.length} losses have no ranks in common`);
  return { spearman: correlation(averageRanks(a), averageRanks(b)), topTenthOverlap: topOverlap(a, b) };
}

/** The rank of each number from 1 up; equal numbers share the mean of their ranks. NaN ranks as the largest. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = ascending(values);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && compare(values[order[from]!]!, values[order[to]!]!) === 0) to++;
    for (let place = from; place < to; place++) ranks[order[place]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/** The ceil(n / 10) largest of each list; of equal numbers the first. */
function topOverlap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const count = Math.ceil(a.length / 10);
  const [first, second] = [a, b].map((values) => new Set(descending(values).subarray(0, count)));
  return [...first!].filter((index) => second!.has(index)).length / count;
}

/** Pearson's correlation. */
function correlation(a: Float64Array, b: Float64Array): number {
  // Ranks have the same mean in both lists, which is known exactly.
  const mean = (a.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - mean, b[i]! - mean];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

function ascending(values: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (i, j) => compare(values[i]!, values[j]!) || i - j,
  );
}

function descending(values: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (i, j) => compare(values[j]!, values[i]!) || i - j,
  );
}

/** Below 0 where a is smaller; NaN is equal to NaN and larger than all else. */
function compare(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  return a < b || Number.isNaN(b) ? -1 : 1;
}
