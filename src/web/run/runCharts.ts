import type { EvaluationEvent } from '../../loop/events.ts';
import { formatAccuracy, formatCount, formatSeconds, formatShare, isNumber } from '../../report/format.ts';
import { strategyColours } from '../../report/palette.ts';
import { make } from '../element.ts';
import { type Curve, curvesSvg, roundUp } from './curves.ts';
import type { TargetRun } from './targetRun.ts';

/** The curves of a run and its figures, which are drawn again when there is more of it. */
export interface RunCharts {
  readonly element: HTMLElement;
  /** `steps` is where the run ends; null where that is not known. */
  draw(targets: readonly TargetRun[], steps: number | null): void;
}

interface Chart {
  readonly title: string;
  readonly hint: string;
  readonly x: 'step' | 'seconds';
  readonly value: (event: EvaluationEvent) => number | null;
  readonly format: (value: number) => string;
  readonly tick: (value: number) => string;
  /** The lowest value of the axis; left out, it begins below the lowest point. */
  readonly low?: number;
}

const tenth = (value: number) => value.toFixed(1);
const percent = (value: number) => `${Math.round(100 * value)}%`;

const charts: readonly Chart[] = [
  {
    title: 'Test accuracy',
    hint: 'over steps',
    x: 'step',
    value: ({ accuracy }) => accuracy,
    format: formatAccuracy,
    tick: tenth,
  },
  {
    title: 'Test accuracy',
    hint: 'over seconds of training',
    x: 'seconds',
    value: ({ accuracy }) => accuracy,
    format: formatAccuracy,
    tick: tenth,
  },
  {
    title: 'Wrong labels selected',
    hint: 'over steps',
    x: 'step',
    value: ({ corruptedShare }) => corruptedShare,
    format: formatShare,
    tick: percent,
    low: 0,
  },
];

/** Makes charts of nothing yet. */
export function runCharts(): RunCharts {
  const figures = charts.map((chart) => {
    const drawing = make('div', { className: 'drawing' });
    const caption = make('figcaption', {}, `${chart.title} `, make('span', { textContent: chart.hint }));
    return { chart, drawing, figure: make('figure', {}, caption, drawing) };
  });
  const rows = make('tbody');
  const heads = ['strategy', 'steps', 'time', 'accuracy', 'wrong labels'];
  const head = make('tr', {}, ...heads.map((text) => make('th', { scope: 'col', textContent: text })));
  const table = make('table', { className: 'figures' }, make('thead', {}, head), rows);
  const grid = make('div', { className: 'run-charts' }, ...figures.map(({ figure }) => figure));
  let last: { readonly targets: readonly TargetRun[]; readonly steps: number | null } = { targets: [], steps: null };
  const draw = () => {
    const { targets, steps } = last;
    const parts = figures.map((part) => ({ ...part, curves: curvesOf(targets, part.chart) }));
    // How wide a chart is depends on how many there are.
    for (const { figure, curves } of parts) figure.hidden = curves.length === 0;
    const widths = parts.map(({ drawing }) => drawing.clientWidth);
    for (const [index, { chart, drawing, curves }] of parts.entries())
      if (widths[index]! > 0) drawing.innerHTML = drawn(chart, curves, steps, widths[index]!);
    rows.replaceChildren(...targets.map((target) => row(target, targets)));
  };
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (entry!.contentRect.width === width) return;
    width = entry!.contentRect.width;
    draw();
  }).observe(grid);
  return {
    element: make('div', {}, grid, make('div', { className: 'scroll' }, table)),
    draw(targets, steps) {
      last = { targets, steps };
      draw();
    },
  };
}

function curvesOf(targets: readonly TargetRun[], { x, value, format }: Chart): Curve[] {
  const colours = strategyColours([...new Set(targets.map(({ strategy }) => strategy))]);
  return targets.flatMap(({ strategy, evaluations }) => {
    const points = evaluations.flatMap((event) => {
      const y = value(event);
      if (!isNumber(y)) return [];
      return [
        { x: event[x], y, title: `${strategy}, step ${event.step} (${formatSeconds(event.seconds)}): ${format(y)}` },
      ];
    });
    return points.length > 0 ? [{ name: strategy, colour: colours[strategy]!, points }] : [];
  });
}

function drawn(chart: Chart, curves: readonly Curve[], steps: number | null, width: number): string {
  const unit = chart.x === 'step' ? 'steps' : 'seconds';
  const ends = curves.map(({ name, points }) => {
    const { x, y } = points.at(-1)!;
    return `${name} ${chart.format(y)} after ${Number(x.toFixed(1))} ${unit}`;
  });
  const values = curves.flatMap(({ points }) => points.map(({ y }) => y));
  const low = chart.low ?? Math.max(0, Math.floor(Math.min(...values, 0.9) * 10 - 0.2) / 10);
  const farthest = Math.max(...curves.map(({ points }) => points.at(-1)!.x));
  return curvesSvg({
    description: `${chart.title} ${chart.hint}: ${ends.join(', ')}`,
    curves,
    width: Math.round(width),
    height: Math.round(Math.max(190, Math.min(280, width * 0.6))),
    right: chart.x === 'step' ? Math.max(steps ?? 0, farthest, 1) : roundUp(farthest),
    low,
    high: chart.low === undefined ? 1 : Math.min(1, Math.ceil(Math.max(0.1, ...values) * 10 + 0.2) / 10),
    xLabel: unit,
    yFormat: chart.tick,
  });
}

function row({ strategy, seed, evaluations, lastStep }: TargetRun, all: readonly TargetRun[]) {
  const colours = strategyColours([...new Set(all.map((each) => each.strategy))]);
  const swatch = make('span', { className: 'swatch' });
  swatch.style.background = colours[strategy]!;
  const hasSeeds = all.some((other) => other.strategy === strategy && other.seed !== seed);
  const last = evaluations.at(-1) ?? null;
  const step = Math.max(lastStep?.step ?? 0, last?.step ?? 0);
  const texts = [
    formatCount(step),
    formatSeconds(lastStep?.seconds ?? last?.seconds ?? null),
    formatAccuracy(last?.accuracy ?? null),
    formatShare(last?.corruptedShare ?? null),
  ];
  const name = make('th', { scope: 'row' }, swatch, `${strategy}${hasSeeds ? `, seed ${seed}` : ''}`);
  return make('tr', {}, name, ...texts.map((text) => make('td', { textContent: text })));
}
