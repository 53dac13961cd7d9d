import { type AuditTruth, rankingNames, rankingTitles } from './auditData.ts';
import { formatCount, formatShare } from './format.ts';
import { axis, frame, letter, lineHeight } from './plots.ts';
import { type EndLabel, endLabels, type Pen } from './svg.ts';

/** The method, its kin and the baseline. */
const colours = { loss: 'var(--c0)', margin: 'var(--c3)', confidence: 'var(--c1)' } as const;

/** The share of wrong labels among the first k of each ranking against k; dashed, among all `examples`. */
export function drawPrecision(pen: Pen, { curve, wrong }: AuditTruth, examples: number): string {
  const { plot } = pen;
  const lines = rankingNames.flatMap((name) => {
    const precision = curve.precision[name];
    if (precision === null) return [];
    const points = curve.counts.map((count, at) => ({
      count,
      share: precision[at]!,
      title: `${rankingTitles[name]}, first ${formatCount(count)}: ${formatShare(precision[at]!)} wrong`,
    }));
    return [{ name, colour: colours[name], points }];
  });
  const [first, last] = [curve.counts[0] ?? 1, curve.counts.at(-1) ?? 1];
  // All rankings end together, at the share among all: their names stand level with their beginnings, at the left end.
  const ends = lines.map(
    ({ name, colour, points }): EndLabel => ({
      text: rankingTitles[name],
      colour,
      y: points[Math.floor(points.length / 2)]!.share,
    }),
  );
  const marginRight = 20 + letter * Math.max(...ends.map(({ text }) => text.length));
  return pen.draw('Share of wrong labels among the first k examples against k, a line per ranking', {
    ...frame,
    marginRight,
    x: {
      type: 'log',
      domain: [first, Math.max(last, first + 1)],
      ticks: [10, 100, 1000, 10_000, 100_000, 1_000_000].filter((count) => count >= first && count <= last),
      tickFormat: formatCount,
      ...axis('first k, highest score first'),
    },
    y: { domain: [0, 1], label: null, grid: true, ticks: 5, tickFormat: '%' },
    marks: [
      plot.ruleY([wrong / examples], { stroke: 'currentColor', strokeDasharray: '3,4', strokeOpacity: 0.8 }),
      ...lines.map(({ colour, points }) =>
        plot.line(points, { x: 'count', y: 'share', stroke: colour, strokeWidth: 2 }),
      ),
      ...lines.map(({ colour, points }) =>
        // The clear rim gives the pointer something to hit.
        plot.dot(points, {
          ...{ x: 'count', y: 'share', r: 1, fill: colour },
          ...{ stroke: 'transparent', strokeWidth: 10, title: 'title' },
        }),
      ),
      ...endLabels(pen, ends, lineHeight / (frame.height - frame.marginTop - frame.marginBottom), 0),
    ],
  });
}
