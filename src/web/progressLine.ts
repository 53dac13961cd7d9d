import { formatCount, formatShare } from '../report/format.ts';
import { formatClock, formatRate } from '../report/progress.ts';
import type { ProgressNotice } from './protocol.ts';

/** How far a part of a job is, in a line: "rho: 120 of 300, 24.1/s, 0:07 left, accuracy 0.812", or if asked "120 of 300 (40.0%)". */
export function progressLine(
  { label, done, total, from, seconds, note, finished }: ProgressNotice,
  { withShare = false }: { readonly withShare?: boolean } = {},
): string {
  const rate = done > from && seconds > 0 ? (done - from) / seconds : null;
  const share = withShare ? ` (${formatShare(done / total)})` : '';
  const figures = [
    total > 0 ? `${formatCount(done)} of ${formatCount(total)}${share}` : '',
    rate === null ? '' : formatRate(rate),
    rate === null || finished || done >= total ? '' : `${formatClock((total - done) / rate)} left`,
    note,
  ];
  return `${label}: ${figures.filter((text) => text !== '').join(', ')}`;
}
