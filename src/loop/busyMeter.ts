import { type Span, shared, without } from '../core/span.ts';
import type { Busy } from './events.ts';

/** What is worked at: training steps, training losses of candidates, and irreducible ones that are scored online. */
export type Work = 'train' | 'score' | 'irreducible';

/** Who works: the thread of the trainer, or a scorer in another one. */
export type Side = 'trainer' | 'beside';

/** Adds up when the two sides of a run were at work. */
export interface BusyMeter {
  /** Takes a span that a side worked, as soon as it is told; one that is not known counts as nothing. */
  add(work: Work, side: Side, span: Span | undefined): void;
  /** What came together since this was last asked for. */
  take(): Busy;
}

/** Spans are told as soon as they end, so what can still meet one of the other side is among the last of its own. */
const kept = 32;

const nothing: Busy = { train: 0, score: 0, irreducible: 0, trainer: 0, beside: 0, both: 0 };

export function busyMeter(): BusyMeter {
  const known: Record<Side, readonly Span[]> = { trainer: [], beside: [] };
  let sums: { -readonly [Name in keyof Busy]: number } = { ...nothing };
  return {
    add(work, side, span) {
      if (span === undefined) return;
      sums[work] += secondsOf(span);
      // Two scorers that work at once are one side.
      const parts = without(span, known[side]);
      const other = known[side === 'trainer' ? 'beside' : 'trainer'];
      for (const part of parts) {
        sums[side] += secondsOf(part);
        sums.both += other.reduce((sum, met) => sum + shared(part, met), 0) / 1000;
      }
      known[side] = [...known[side], ...parts].slice(-kept);
    },
    take() {
      const taken = sums;
      sums = { ...nothing };
      return taken;
    },
  };
}

function secondsOf({ began, ended }: Span): number {
  return (ended - began) / 1000;
}
