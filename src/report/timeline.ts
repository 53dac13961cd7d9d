import type { Markish } from '@observablehq/plot';
import type { Busy } from '../loop/events.ts';
import type { Ledger } from '../loop/ledger.ts';
import { formatMilliseconds, isNumber } from './format.ts';
import { sideColours } from './palette.ts';
import { axis, frame } from './plots.ts';
import type { Pen } from './svg.ts';

interface Lane {
  readonly y: number;
  /** Milliseconds from the beginning of the step. */
  readonly from: number;
  readonly to: number;
  readonly colour: string;
  readonly text: string;
}

const headingHeight = 24;
const laneHeight = 22;
const gap = 12;

/**
 * Where the time of a mean step goes: a lane for each side, as long as it works, placed so that they meet for as long as both
 * work at once; what is left of the step is waiting. Empty where no run recorded it.
 */
export function drawTimeline(pen: Pen, ledgers: Readonly<Record<string, Ledger>>): string {
  const { plot } = pen;
  const steps = stepsOf(ledgers);
  if (steps.length === 0) return '';
  const lanes: Lane[] = [];
  const tracks: { y: number; to: number }[] = [];
  const headings: { y: number; text: string }[] = [];
  let y = 0;
  for (const { name, milliseconds, busy } of steps) {
    headings.push({ y: y + headingHeight / 2, text: `${name}, ${formatMilliseconds(milliseconds / 1000)} a step` });
    y += headingHeight;
    for (const lane of lanesOf(busy)) {
      lanes.push({ ...lane, y });
      tracks.push({ y, to: milliseconds });
      y += laneHeight;
    }
    y += gap;
  }
  const right = Math.max(...steps.map(({ milliseconds }) => milliseconds), ...lanes.map(({ to }) => to));
  const bar = { y1: 'y', y2: (lane: { y: number }) => lane.y + laneHeight - 4 };
  // A name that its lane is too short for stands behind it, or before it where that is the end of the chart.
  const fits = ({ from, to, text }: Lane): boolean => ((to - from) / right) * frame.width > 8 * text.length;
  const middle = (lane: Lane): number => lane.y + laneHeight / 2 - 2;
  const marks: Markish[] = [
    plot.rect(tracks, { x1: 0, x2: 'to', ...bar, fill: 'currentColor', fillOpacity: 0.07 }),
    plot.rect(lanes, {
      x1: 'from',
      x2: 'to',
      ...bar,
      fill: 'colour',
      fillOpacity: 0.45,
      stroke: 'colour',
      title: 'text',
    }),
    ...(['start', 'end'] as const).map((side) =>
      plot.text(
        lanes.filter((lane) => !fits(lane) && lane.to < right / 2 === (side === 'start')),
        {
          x: side === 'start' ? 'to' : 'from',
          y: middle,
          text: 'text',
          textAnchor: side,
          dx: side === 'start' ? 7 : -7,
        },
      ),
    ),
    plot.text(lanes.filter(fits), { x: 'from', y: middle, text: 'text', textAnchor: 'start', dx: 7 }),
    plot.text(headings, { x: 0, y: 'y', text: 'text', textAnchor: 'start', fontWeight: 600 }),
  ];
  return pen.draw('Milliseconds of a mean step that training and scoring work, a lane each', {
    width: frame.width,
    height: y + frame.marginBottom,
    marginTop: 2,
    marginBottom: frame.marginBottom,
    marginLeft: 4,
    marginRight: 16,
    x: { domain: [0, right], ...axis('milliseconds'), ticks: 5 },
    y: { type: 'linear', domain: [y, 0], axis: null },
    color: { type: 'identity' },
    marks,
  });
}

interface MeanStep {
  readonly name: string;
  readonly milliseconds: number;
  readonly busy: Busy;
}

/** Uniform's step first, which is the same in all ledgers. */
function stepsOf(ledgers: Readonly<Record<string, Ledger>>): MeanStep[] {
  const step = (name: string, seconds: number | null, busy: Busy | null): MeanStep[] =>
    busy && isNumber(seconds) ? [{ name, milliseconds: 1000 * seconds, busy }] : [];
  const [first] = Object.values(ledgers);
  return [
    ...(first ? step('uniform', first.uniformSecondsPerStep, first.uniformBusy) : []),
    ...Object.entries(ledgers).flatMap(([name, { secondsPerStep, busy }]) => step(name, secondsPerStep, busy)),
  ];
}

/** Scoring begins the step; training begins as soon as the two meet for the time that they do. */
function lanesOf({ train, score, both }: Busy): Omit<Lane, 'y'>[] {
  const lane = (what: 'train' | 'score', from: number, seconds: number): Omit<Lane, 'y'>[] => {
    if (seconds <= 0) return [];
    const text = `${what} ${formatMilliseconds(seconds)}`;
    return [{ from: 1000 * from, to: 1000 * (from + seconds), colour: sideColours[what], text }];
  };
  return [...lane('score', 0, score), ...lane('train', Math.max(0, score - both), train)];
}
