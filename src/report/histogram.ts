import { quantileOfSorted } from '../core/statistics.ts';

const rows = 12;
const width = 48;

/** A histogram of losses for the terminal, one bar a row; the last row takes all above the 99.5 % quantile. */
export function renderHistogram(losses: Float32Array): string {
  const sorted = losses.filter(Number.isFinite).sort();
  if (sorted.length === 0) return 'no finite losses';
  const top = Math.max(quantileOfSorted(sorted, 0.995), 1e-6);
  const counts = new Array<number>(rows).fill(0);
  for (const loss of sorted) counts[Math.min(rows - 1, Math.floor((loss / top) * rows))]! += 1;
  const most = Math.max(...counts);
  return counts
    .map((count, row) => {
      const from = ((top * row) / rows).toFixed(2).padStart(7);
      const above = row === rows - 1 && sorted.at(-1)! > top ? '≥' : ' ';
      return `${above}${from.slice(1)} ${'█'.repeat(Math.ceil((count / most) * width)).padEnd(width)} ${count}`;
    })
    .join('\n');
}
