import type { PerSeed, StrategySummary } from '../loop/summary.ts';
import { formatAccuracy, formatCount, formatSeconds, formatShare, isNumber } from './format.ts';
import { type ReportData, targetsOf } from './reportData.ts';

/** One figure of a strategy. */
export interface Cell {
  readonly text: string;
  /** Standard deviation over seeds, formatted; null for one seed or a missing value. */
  readonly spread: string | null;
  /** "1 of 3 seeds" where only some seeds reached the target. */
  readonly partly: string | null;
  /** Whether no other strategy does better; false in a column where better has no meaning or all are equal. */
  readonly best: boolean;
}

/** One column of the comparison; columns next to each other with the same group stand under one heading. */
export interface Column {
  readonly group: string;
  readonly header: string;
  /** In the order of the strategies. */
  readonly cells: readonly Cell[];
}

interface Draft {
  group: string;
  header: string;
  better: 'low' | 'high' | null;
  format: (value: number | null) => string;
  figure: (summary: StrategySummary) => PerSeed;
}

/** The group of accuracies after equal seconds of training. */
export const accuracyAfter = 'accuracy after';

/** The columns of the comparison, from which the terminal table and the HTML table are both made. */
export function comparisonColumns(data: ReportData): Column[] {
  const summaries = Object.values(data.strategies);
  const drafts: Draft[] = targetsOf(data).flatMap((target): Draft[] => [
    {
      group: `reach ${target}`,
      header: 'steps',
      better: 'low',
      format: formatCount,
      figure: (summary) => summary.stepsToTarget[target] ?? missing,
    },
    {
      group: `reach ${target}`,
      header: 'time',
      better: 'low',
      format: formatSeconds,
      figure: (summary) => summary.secondsToTarget[target] ?? missing,
    },
  ]);
  drafts.push({
    group: 'run',
    header: 'time',
    better: 'low',
    format: formatSeconds,
    figure: (summary) => summary.seconds,
  });
  for (const time of timesOf(summaries))
    drafts.push({
      group: accuracyAfter,
      header: formatSeconds(Number(time)),
      better: 'high',
      format: formatAccuracy,
      figure: (summary) => summary.accuracyAfter?.[time] ?? missing,
    });
  const accuracy = { group: 'accuracy', better: 'high', format: formatAccuracy } as const;
  drafts.push({ ...accuracy, header: 'final', figure: (summary) => summary.finalAccuracy });
  drafts.push({ ...accuracy, header: 'last 5', figure: (summary) => single(summary.finalAccuracy.lastFiveMean) });
  drafts.push(...shareColumns(summaries, 'corrupted', 'low', (summary) => summary.corruptedShare));
  // Few points already learnt are no merit in themselves: picking nothing but wrong labels gives the fewest.
  drafts.push(...shareColumns(summaries, 'learnt', null, (summary) => summary.learntShare));
  return drafts.map((draft) => finish(draft, summaries));
}

/** The times that accuracies are told for, shortest first. */
function timesOf(summaries: readonly StrategySummary[]): string[] {
  const times = new Set(summaries.flatMap(({ accuracyAfter = {} }) => Object.keys(accuracyAfter)));
  return [...times].sort((a, b) => Number(a) - Number(b));
}

const missing: PerSeed = { mean: null, perSeed: [] };

function single(value: number | null): PerSeed {
  return { mean: value, perSeed: [] };
}

function shareColumns(
  summaries: readonly StrategySummary[],
  group: string,
  better: 'low' | null,
  share: (summary: StrategySummary) => StrategySummary['corruptedShare'],
): Draft[] {
  const first = summaries.flatMap((summary) => Object.keys(share(summary).byWindow)).find((key) => /^1-\d+$/.test(key));
  const column = (header: string, figure: (summary: StrategySummary) => number | null): Draft => ({
    group,
    header,
    better,
    format: formatShare,
    figure: (summary) => single(figure(summary)),
  });
  const columns = [column('all', (summary) => share(summary).overall)];
  if (first) columns.unshift(column(first.replace('-', '–'), (summary) => share(summary).byWindow[first] ?? null));
  return columns.filter(({ figure }) => summaries.some((summary) => isNumber(figure(summary).mean)));
}

function finish({ group, header, better, format, figure }: Draft, summaries: readonly StrategySummary[]): Column {
  const figures = summaries.map(figure);
  // Compared as printed: a difference nobody can see should not make a winner.
  const values = figures.map(({ mean }) => (isNumber(mean) ? Number.parseFloat(rounded(mean, format)) : null));
  const known = values.filter(isNumber);
  const top = better === 'high' ? Math.max(...known) : Math.min(...known);
  const tellsApart = better !== null && values.some((value) => value !== top);
  const cells = figures.map(({ mean, perSeed }, index): Cell => {
    const reached = perSeed.filter(isNumber).length;
    return {
      text: format(mean),
      spread: isNumber(mean) && reached > 1 ? format(deviation(perSeed.filter(isNumber))) : null,
      partly: !isNumber(mean) && reached > 0 ? `${reached} of ${perSeed.length} seeds` : null,
      best: tellsApart && values[index] === top,
    };
  });
  return { group, header, cells };
}

function rounded(value: number, format: Draft['format']): string {
  return format === formatCount ? value.toFixed(0) : format === formatSeconds ? value.toFixed(2) : value.toFixed(3);
}

/** Standard deviation of a sample of at least two. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
