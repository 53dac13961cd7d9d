import { escapeHtml } from '../../report/format.ts';
import { spread } from '../../report/svg.ts';

/** A point of a curve, and what is said of it under the pointer. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly title: string;
}

/** A curve, by the name that stands at its end. */
export interface Curve {
  readonly name: string;
  /** CSS. */
  readonly colour: string;
  /** In the order of x. */
  readonly points: readonly CurvePoint[];
}

/** Curves in a frame. */
export interface CurveChart {
  /** What a screen reader says. */
  readonly description: string;
  readonly curves: readonly Curve[];
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** The horizontal axis goes from 0 to here. */
  readonly right: number;
  readonly low: number;
  readonly high: number;
  readonly xLabel: string;
  readonly yFormat: (value: number) => string;
}

const margin = { top: 12, bottom: 40, left: 44 };
const letter = 7.6;
const lineHeight = 16;
/** More points than these are thinned: nobody sees them apart. */
const mostPoints = 300;
/** More points than these have no dots, and say nothing under the pointer. */
const mostDots = 100;

/** The chart as SVG text. It is small and takes no library, so that it can be drawn again and again while a run goes on. */
export function curvesSvg(chart: CurveChart): string {
  const { description, curves, width, height, right, low, high, xLabel, yFormat } = chart;
  const marginRight = 14 + letter * Math.max(0, ...curves.map(({ name }) => name.length));
  const [inner, tall] = [width - margin.left - marginRight, height - margin.top - margin.bottom];
  const x = (value: number) => fixed(margin.left + (value / right) * inner);
  const y = (value: number) => fixed(margin.top + ((high - value) / (high - low)) * tall);
  const floor = margin.top + tall;
  const grid = ticks(low, high, tall < 160 ? 3 : 5).map(
    (value) =>
      `<path class="grid" d="M${margin.left} ${y(value)}h${fixed(inner)}"/><text x="${margin.left - 8}" y="${y(value)}" dy=".32em" text-anchor="end">${yFormat(value)}</text>`,
  );
  const below = ticks(0, right, inner < 240 ? 3 : 5).map(
    (value) =>
      `<path class="tick" d="M${x(value)} ${floor}v5"/><text x="${x(value)}" y="${floor + 18}" text-anchor="middle">${grouped(value)}</text>`,
  );
  const drawn = curves.filter(({ points }) => points.length > 0);
  const lines = drawn.map(({ colour, points }) => {
    const shown = thinned(points);
    const path = shown.map((point) => `${x(point.x)} ${y(point.y)}`).join('L');
    const dots = shown.length > mostDots ? [] : shown;
    const circles = dots.map(
      (point) =>
        `<circle cx="${x(point.x)}" cy="${y(point.y)}" r="2.5"><title>${escapeHtml(point.title)}</title></circle>`,
    );
    return `<g style="color:${colour}"><path class="curve" d="M${path}"/>${circles.join('')}</g>`;
  });
  // Of several seeds the last begun bears the name.
  const named = drawn.filter(({ name }, index) => drawn.findLastIndex((other) => other.name === name) === index);
  const heights = spread(
    named.map(({ points }) => floor - Number(y(points.at(-1)!.y))),
    lineHeight,
    0,
  );
  const names = named.map(
    ({ name, colour }, index) =>
      `<text class="name" x="${fixed(width - marginRight + 8)}" y="${fixed(floor - heights[index]!)}" dy=".32em" style="fill:${colour}">${escapeHtml(name)}</text>`,
  );
  const label = `<text x="${fixed(margin.left + inner / 2)}" y="${height - 4}" text-anchor="middle">${escapeHtml(xLabel)}</text>`;
  return `<svg role="img" aria-label="${escapeHtml(description)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${grid.join('')}${below.join('')}${label}${lines.join('')}${names.join('')}</svg>`;
}

/** Round values from `low` to `high`, at most about `count` steps apart. */
export function ticks(low: number, high: number, count: number): number[] {
  const least = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10);
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** The end of an axis for values up to `value`: round, so that it seldom moves while they grow. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return Number((power * ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value) ?? 10)).toPrecision(12));
}

function thinned(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const every = Math.ceil(points.length / mostPoints);
  return every === 1 ? points : points.filter((_, index) => index % every === 0 || index === points.length - 1);
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
