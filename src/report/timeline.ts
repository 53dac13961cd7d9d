import type { Markish } from '@observablehq/plot';
import type { Ledger } from '../loop/ledger.ts';
import { scoredByTrainer } from '../loop/sides.ts';
import { formatMilliseconds, isNumber } from './format.ts';
import { sideColours } from './palette.ts';
import { axis, frame } from './plots.ts';
import type { Pen } from './svg.ts';

/** Some work of a thread. */
interface Part {
  /** Milliseconds from the beginning of the step. */
  readonly from: number;
  readonly to: number;
  readonly colour: string;
  readonly text: string;
}

interface Lane extends Part {
  readonly y: number;
}

const headingHeight = 24;
const laneHeight = 22;
const gap = 12;

/**
 * Where the time of a mean step goes: a lane for each thread, as long as it works, placed so that they meet for as long as both
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
  for (const { name, milliseconds, threads } of steps) {
    headings.push({ y: y + headingHeight / 2, text: `${name}, ${formatMilliseconds(milliseconds / 1000)} a step` });
    y += headingHeight;
    for (const parts of threads) {
      lanes.push(...parts.map((part) => ({ ...part, y })));
      tracks.push({ y, to: milliseconds });
      y += laneHeight;
    }
    y += gap;
  }
  const right = Math.max(...steps.map(({ milliseconds }) => milliseconds), ...lanes.map(({ to }) => to));
  const bar = { y1: 'y', y2: (lane: { y: number }) => lane.y + laneHeight - 4 };
  const fits = ({ from, to, text }: Lane): boolean => ((to - from) / right) * frame.width > 8 * text.length;
  const middle = (lane: { y: number }): number => lane.y + laneHeight / 2 - 2;
  // Names that their parts are too short for stand behind the lane, or before it where that is the end of the chart.
  const outside = tracks.flatMap(({ y }) => {
    const parts = lanes.filter((lane) => lane.y === y);
    const text = parts
      .filter((lane) => !fits(lane))
      .map((lane) => lane.text)
      .join(', ');
    return text === '' ? [] : [{ y, text, from: parts[0]!.from, to: parts.at(-1)!.to }];
  });
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
        outside.filter(({ to }) => to < right / 2 === (side === 'start')),
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
  /** What each thread does, one after the other. */
  readonly threads: readonly (readonly Part[])[];
}

/** Uniform's step first, which is the same in all ledgers. */
function stepsOf(ledgers: Readonly<Record<string, Ledger>>): MeanStep[] {
  const step = (name: string, seconds: number | null, threads: MeanStep['threads'] | null): MeanStep[] =>
    threads && isNumber(seconds) ? [{ name, milliseconds: 1000 * seconds, threads }] : [];
  const [first] = Object.values(ledgers);
  return [
    ...(first
      ? step(
          'uniform',
          first.uniformSecondsPerStep,
          first.uniformBusy && [part('train', 0, first.uniformBusy.train, 'train')],
        )
      : []),
    ...Object.entries(ledgers).flatMap(([name, ledger]) => step(name, ledger.secondsPerStep, threadsIn(ledger))),
  ];
}

/** Scoring begins the step; the trainer begins as soon as the two meet for the time that they do. */
function threadsIn({ busy, scoring }: Ledger): MeanStep['threads'] | null {
  if (busy === null) return null;
  const { train, score, irreducible, beside, both } = busy;
  const byTrainer = scoredByTrainer(busy);
  const met = Math.max(0, beside - both);
  const work = scoring?.inOneGraph === true ? 'score, choose and train' : 'train';
  const threads = [
    part('score', 0, score - byTrainer, 'score'),
    part('score', 0, irreducible, 'irreducible losses'),
    [...part('score', met, byTrainer, 'score'), ...part('train', met + byTrainer, train, work)],
  ];
  return threads.filter((parts) => parts.length > 0);
}

function part(what: 'train' | 'score', from: number, seconds: number, name: string): readonly Part[] {
  if (seconds <= 0) return [];
  const text = `${name} ${formatMilliseconds(seconds)}`;
  return [{ from: 1000 * from, to: 1000 * (from + seconds), colour: sideColours[what], text }];
}
