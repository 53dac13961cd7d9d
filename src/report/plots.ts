import type { Markish } from '@observablehq/plot';
import type { EvaluationEvent, Quantiles } from '../loop/events.ts';
import { formatAccuracy, formatCount, formatLoss, formatSeconds, formatShare, isNumber } from './format.ts';
import type { History } from './history.ts';
import { labelColours } from './palette.ts';
import type { Histogram } from './reportData.ts';
import { type EndLabel, endLabels, type Pen } from './svg.ts';

/** Size and margins of a chart, in units of its viewBox. */
export const frame: {
  readonly width: number;
  readonly height: number;
  readonly marginTop: number;
  readonly marginBottom: number;
  readonly marginLeft: number;
} = { width: 480, height: 300, marginTop: 16, marginBottom: 38, marginLeft: 48 };
/** About the width of a letter and the height of a line of the charts' type, in units of the viewBox. */
export const letter = 7.6;
export const lineHeight = 16;

/** Colours by strategy, as CSS. */
export type Colours = Readonly<Record<string, string>>;

/** What a line chart shows and over what. */
export interface CurveChart {
  readonly description: string;
  readonly x: 'step' | 'seconds';
  readonly value: (event: EvaluationEvent) => number | null;
  readonly format: (value: number) => string;
  /** Dashed horizontal lines to compare with. */
  readonly references: readonly number[];
  /** Lowest value of the axis; left out, the axis begins below the lowest point. */
  readonly from?: number;
}

/** Accuracy over steps or seconds, with a line at each target. */
export function accuracyChart(x: 'step' | 'seconds', targets: readonly string[]): CurveChart {
  return {
    description: `Test accuracy against ${x === 'step' ? 'training steps' : 'seconds of training'}, a line per strategy`,
    x,
    value: (event) => event.accuracy,
    format: formatAccuracy,
    references: targets.map(Number),
  };
}

/** The share of wrongly labelled examples among the selected, beside the share among all candidates. */
export function corruptedChart(noiseRate: number | null): CurveChart {
  return {
    description: 'Share of selected examples with a wrong label against training steps, a line per strategy',
    x: 'step',
    value: (event) => event.corruptedShare,
    format: formatShare,
    references: isNumber(noiseRate) ? [noiseRate] : [],
    from: 0,
  };
}

/** The share of selected examples the target already predicted rightly. */
export function learntChart(): CurveChart {
  return {
    description: 'Share of selected examples already predicted as labelled against training steps, a line per strategy',
    x: 'step',
    value: (event) => event.learntShare,
    format: formatShare,
    references: [],
    from: 0,
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly title: string;
}

/** A line per strategy: thin ones for single seeds, a strong one for their mean, its name at the right. */
export function drawCurves(pen: Pen, all: readonly History[], colours: Colours, chart: CurveChart): string {
  const { plot } = pen;
  const lines = all.map(({ strategy, runs, mean }) => ({
    strategy,
    colour: colours[strategy]!,
    runs: runs.length > 1 ? runs.map((run) => points(run, strategy, chart)) : [],
    mean: points(mean, strategy, chart),
  }));
  const ends = lines.flatMap(({ strategy, colour, mean }): EndLabel[] => {
    const last = mean.at(-1);
    return last ? [{ text: strategy, colour, y: last.y }] : [];
  });
  const values = lines.flatMap(({ runs, mean }) => [mean, ...runs].flat().map((point) => point.y));
  const [low, high] = extent([...values, ...chart.references], chart.from);
  const right = Math.max(...lines.flatMap(({ runs, mean }) => [mean, ...runs].flat().map((point) => point.x)), 1e-9);
  const marginRight = 20 + letter * Math.max(0, ...ends.map(({ text }) => text.length));
  const gap = ((high - low) * lineHeight) / (frame.height - frame.marginTop - frame.marginBottom);
  const marks: Markish[] = [
    plot.ruleY(chart.references, { stroke: 'currentColor', strokeDasharray: '3,4', strokeOpacity: 0.8 }),
    ...lines.flatMap(({ colour, runs }) =>
      runs.map((run) => plot.line(run, { x: 'x', y: 'y', stroke: colour, strokeWidth: 1, strokeOpacity: 0.4 })),
    ),
    ...lines.map(({ colour, mean }) => plot.line(mean, { x: 'x', y: 'y', stroke: colour, strokeWidth: 2 })),
    ...lines.map(({ colour, mean }) =>
      // The clear rim gives the pointer something to hit.
      plot.dot(mean, { x: 'x', y: 'y', r: 2.5, fill: colour, stroke: 'transparent', strokeWidth: 10, title: 'title' }),
    ),
    ...endLabels(pen, ends, gap, low),
  ];
  return pen.draw(chart.description, {
    ...frame,
    marginRight,
    x: { domain: [0, right], ...axis(chart.x === 'step' ? 'steps' : 'seconds'), ticks: 5 },
    y: {
      domain: [low, high],
      label: null,
      grid: true,
      ticks: 5,
      ...(chart.format === formatShare ? { percent: false, tickFormat: '%' } : {}),
    },
    marks,
  });
}

function points(events: readonly EvaluationEvent[], strategy: string, chart: CurveChart): Point[] {
  return events.flatMap((event) => {
    const y = chart.value(event);
    const title = (value: number): string =>
      `${strategy}, step ${event.step} (${formatSeconds(event.seconds)}): ${chart.format(value)}`;
    return isNumber(y) && isNumber(event[chart.x]) ? [{ x: event[chart.x], y, title: title(y) }] : [];
  });
}

/** Round limits around values: tenths, or the share of the axis that stays legible. */
function extent(values: readonly number[], from: number | undefined): [number, number] {
  const low = from ?? Math.max(0, Math.floor(Math.min(...values, 1) * 10 - 0.2) / 10);
  const high = Math.min(1, Math.ceil(Math.max(...values, low) * 10 + 0.2) / 10);
  return [low, Math.max(high, low + 0.1)];
}

/** Losses below this are drawn here: on a logarithmic axis a loss of zero has no place. */
const smallestLoss = 0.001;

/** Lowest and highest loss of all strategies' quartiles, so that their charts share an axis. */
export function lossDomain(all: readonly History[]): [number, number] {
  const quantiles = all.flatMap(({ mean }) => mean.flatMap((event) => [event.selectedLoss, event.otherLoss]));
  const known = quantiles.filter((each): each is Quantiles => each !== null);
  const low = Math.max(smallestLoss, Math.min(1, ...known.map(({ q25 }) => q25)));
  return [low, Math.max(1, ...known.map(({ q75 }) => q75)) * 1.1];
}

/** Median and middle half of the losses of selected and passed-over candidates over steps, of one strategy. */
export function drawLosses(pen: Pen, history: History, colour: string, domain: [number, number]): string {
  const { plot } = pen;
  const band = (which: 'selectedLoss' | 'otherLoss', fill: string, dash: string): Markish[] => {
    const rows = history.mean.flatMap((event) => {
      const quantiles = event[which];
      if (!quantiles) return [];
      const [q25, median, q75] = [quantiles.q25, quantiles.median, quantiles.q75].map((loss) =>
        Math.max(domain[0], loss),
      );
      const kind = which === 'selectedLoss' ? 'selected' : 'passed over';
      const title = `${kind}, step ${event.step}: median ${formatLoss(quantiles.median)}, quartiles ${formatLoss(quantiles.q25)} and ${formatLoss(quantiles.q75)}`;
      return [{ step: event.step, q25, median, q75, title }];
    });
    return [
      plot.areaY(rows, { x: 'step', y1: 'q25', y2: 'q75', fill, fillOpacity: 0.18 }),
      plot.line(rows, { x: 'step', y: 'median', stroke: fill, strokeWidth: 2, strokeDasharray: dash }),
      plot.dot(rows, { x: 'step', y: 'median', r: 2, fill, stroke: 'transparent', strokeWidth: 10, title: 'title' }),
    ];
  };
  return pen.draw(
    `Losses of selected and passed-over candidates against training steps, strategy ${history.strategy}`,
    {
      ...frame,
      width: 360,
      height: 230,
      marginRight: 12,
      x: { ...axis('steps'), domain: [0, history.mean.at(-1)?.step ?? 1], ticks: 4 },
      y: { type: 'log', domain, label: null, grid: true, ticks: powers(domain), tickFormat: String },
      marks: [...band('otherLoss', 'var(--quiet)', '5,3'), ...band('selectedLoss', colour, 'none')],
    },
  );
}

/** The powers of ten inside a domain; a logarithmic axis by itself marks too many values between them. */
function powers([low, high]: readonly [number, number]): number[] {
  return [0.001, 0.01, 0.1, 1, 10, 100, 1000].filter((power) => power >= low && power <= high);
}

/** A labelled axis without arrows. */
export function axis(label: string): { label: string; labelAnchor: 'center'; labelArrow: 'none' } {
  return { label, labelAnchor: 'center', labelArrow: 'none' };
}

/**
 * Numbers of examples by irreducible loss: right and wrong labels apart where they are known. The last bar says that it has all
 * that is higher, too. On a `sqrt` axis of counts few examples show beside many.
 */
export function drawHistogram(
  pen: Pen,
  { edges, clean, corrupted, all }: Histogram,
  scale: 'linear' | 'sqrt' = 'linear',
): string {
  const { plot } = pen;
  const series =
    clean && corrupted
      ? [
          { name: 'label right', counts: clean, colour: labelColours.clean },
          { name: 'label wrong', counts: corrupted, colour: labelColours.corrupted },
        ]
      : [{ name: 'all', counts: all, colour: labelColours.clean }];
  const last = all.length - 1;
  const bins = (counts: readonly number[], name: string): object[] =>
    counts.flatMap((count, index) => {
      const [from, to] = [edges[index]!, edges[index + 1]!];
      const range = `${formatLoss(from)} ${index === last ? 'and above' : `to ${formatLoss(to)}`}`;
      const title = `${name}, ${range}: ${formatCount(count)}`;
      return count > 0 ? [{ from, to, count, title }] : [];
    });
  const open = last > 0 && all[last]! > 0 ? [{ to: edges[last + 1]!, from: edges[last]! }] : [];
  const most = Math.max(0, ...series.flatMap(({ counts }) => counts));
  const marks = series.map(({ name, counts, colour }) =>
    plot.rect(bins(counts, name), {
      x1: 'from',
      x2: 'to',
      y1: 0,
      y2: 'count',
      fill: colour,
      fillOpacity: 0.45,
      stroke: colour,
      strokeWidth: 1,
      insetLeft: 0.5,
      insetRight: 0.5,
      title: 'title',
    }),
  );
  return pen.draw('Number of examples by irreducible loss', {
    ...frame,
    height: 250,
    marginRight: 16,
    marginLeft: 60,
    x: { domain: [edges[0] ?? 0, edges.at(-1) ?? 1], ...axis('irreducible loss') },
    // No tick stands between two counts.
    y: { type: scale, label: null, grid: true, ticks: Math.max(1, Math.min(5, most)) },
    marks: [
      ...marks,
      plot.ruleY([0], { stroke: 'currentColor' }),
      plot.text(open, {
        x: 'to',
        y: Math.max(0, ...series.map(({ counts }) => counts[last]!)),
        text: ({ from }) => `≥ ${formatLoss(from)}`,
        textAnchor: 'end',
        dy: -9,
        fill: 'currentColor',
        stroke: 'var(--paper)',
        strokeWidth: 4,
      }),
    ],
  });
}
