import type { StepEvent } from './events.ts';

/** What share of the points trained on was corrupted or learnt before; steps that chose none count as zero. */
export function sharesOf(steps: readonly StepEvent[]): { corruptedShare: number | null; learntShare: number | null } {
  const chosen = steps.reduce((sum, { ids }) => sum + ids.length, 0);
  const corrupted = steps.reduce<number | null>(
    (sum, event) => (sum === null || event.corrupted === null ? null : sum + event.corrupted),
    0,
  );
  const learnt = steps.reduce((sum, event) => sum + event.learnt, 0);
  if (chosen === 0) return { corruptedShare: null, learntShare: null };
  return { corruptedShare: corrupted === null ? null : corrupted / chosen, learntShare: learnt / chosen };
}
