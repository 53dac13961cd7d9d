/** Which weights candidates are scored with, as numbers of steps; it decides selected ids, so it stands in a run's configuration. */
export interface ScoringPlan {
  /** Steps that the weights lie behind those that the chosen candidates are trained on; 0 is the paper's method. */
  readonly staleness: number;
  /** Steps from one refresh of the scorer's weights to the next; 1 refreshes them after every step. */
  readonly refresh: number;
}

/** Candidates are scored with the current weights, which is exact. */
export const exactPlan: ScoringPlan = { staleness: 0, refresh: 1 };

/**
 * The number of steps behind the weights that the candidates of step `index` (0 for the first) are scored with: those of
 * max(0, index - staleness), or of the last refresh before that.
 */
export function versionFor({ staleness, refresh }: ScoringPlan, index: number): number {
  const newest = Math.max(0, index - staleness);
  return newest - (newest % refresh);
}

/** The steps from `from` (0 for the first) whose candidates are scored with the weights after `version` steps, in order. */
export function scoredWith(plan: ScoringPlan, version: number, from: number): readonly number[] {
  const { staleness, refresh } = plan;
  if (version % refresh !== 0) return [];
  const first = version === 0 ? 0 : version + staleness;
  const end = version + staleness + refresh;
  const begin = Math.max(first, from);
  return Array.from({ length: Math.max(0, end - begin) }, (_, i) => begin + i);
}

/** The most steps whose candidates are scored, or being scored, when a step begins: its own and those after it. */
export function lookahead({ staleness, refresh }: ScoringPlan): number {
  return staleness + refresh;
}
