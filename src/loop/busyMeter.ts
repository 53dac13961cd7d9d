import { type Span, shared, without } from '../core/span.ts';
import type { Busy } from './events.ts';

/** Adds up when the two sides of a run were at work. */
export interface BusyMeter {
  /** Takes a span that a side worked; one that is not known counts as nothing. */
  add(side: 'train' | 'score', span: Span | undefined): void;
  /** What came together since this was last asked for. */
  take(): Busy;
}

/** A side answers in order, so what can still meet a span of the other one is among its last. */
const kept = 32;

export function busyMeter(): BusyMeter {
  const known = { train: [] as Span[], score: [] as Span[] };
  let sums = { train: 0, score: 0, both: 0 };
  return {
    add(side, span) {
      if (span === undefined) return;
      // Several threads of one side at once count once.
      for (const part of without(span, known[side])) {
        const other = known[side === 'train' ? 'score' : 'train'];
        sums[side] += (part.ended - part.began) / 1000;
        sums.both += other.reduce((sum, met) => sum + shared(part, met), 0) / 1000;
        known[side] = [...known[side].slice(1 - kept), part];
      }
    },
    take() {
      const taken = sums;
      sums = { train: 0, score: 0, both: 0 };
      return taken;
    },
  };
}
