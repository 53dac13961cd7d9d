/** How the learning rate goes down after the warm-up. */
export const decayNames = ['constant', 'linear', 'cosine'] as const;
export type DecayName = (typeof decayNames)[number];

export interface Schedule {
  readonly decay: DecayName;
  /** Steps over which the rate rises to its full value, which step `warmup` is the first to have. */
  readonly warmup: number;
  /** Steps of the whole run; the rate would reach 0 at the one after them. */
  readonly steps: number;
}

/**
 * The share of the full learning rate at step 1, 2, … `steps`. The curves are Hugging Face's, one step ahead: none of the
 * steps is wasted on a rate of 0.
 */
export function rateAt({ decay, warmup, steps }: Schedule, step: number): number {
  if (step < warmup) return step / warmup;
  const from = Math.max(1, warmup);
  const progress = (step - from) / (steps + 1 - from);
  return decays[decay](progress);
}

const decays: Readonly<Record<DecayName, (progress: number) => number>> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  // Rounded, since the last bits of a cosine differ between JavaScript engines.
  cosine: (progress) => Math.fround((1 + Math.cos(Math.PI * progress)) / 2),
};
