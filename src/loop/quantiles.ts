import { mean, quantileOfSorted } from '../core/statistics.ts';
import type { Quantiles } from './events.ts';

/** Smallest, quartiles and largest of the losses that are finite; null where none is. */
export function quantilesOf(losses: Float32Array): Quantiles | null {
  const sorted = losses.filter(Number.isFinite).sort();
  if (sorted.length === 0) return null;
  const at = (share: number) => quantileOfSorted(sorted, share);
  return { min: at(0), q25: at(0.25), median: at(0.5), q75: at(0.75), max: at(1) };
}

/** The means of the quantiles of several steps; null where none has any. */
export function meanQuantiles(all: readonly (Quantiles | null)[]): Quantiles | null {
  const known = all.filter((quantiles) => quantiles !== null);
  if (known.length === 0) return null;
  const of = (key: keyof Quantiles) => mean(known.map((quantiles) => quantiles[key]));
  return { min: of('min'), q25: of('q25'), median: of('median'), q75: of('q75'), max: of('max') };
}
