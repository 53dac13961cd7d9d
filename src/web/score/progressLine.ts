import { formatCount, formatShare } from '../../report/format.ts';
import { formatClock, formatRate } from '../../report/progress.ts';
import type { ProgressNotice } from '../protocol.ts';

/** How far a part of a job is, in a line: "scoring: 4,096 of 10,000 (41.0%), 2.1k/s, 0:03 left". */
export function progressLine({ label, done, total, from, seconds, note }: ProgressNotice): string {
  const rate = done > from && seconds > 0 ? (done - from) / seconds : null;
  const amount = total > 0 ? `${formatCount(done)} of ${formatCount(total)} (${formatShare(done / total)})` : '';
  const figures = [
    amount,
    rate === null ? '' : formatRate(rate),
    rate === null || done >= total ? '' : `${formatClock((total - done) / rate)} left`,
    note,
  ];
  return `${label}: ${figures.filter((text) => text !== '').join(', ')}`;
}
