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

/** The steps (0 for the first) whose candidates are scored with the weights after `version` steps, in order. */
export function scoredWith({ staleness, refresh }: ScoringPlan, version: number): readonly number[] {
  if (version % refresh !== 0) return [];
  const first = version === 0 ? 0 : version + staleness;
  return Array.from({ length: version + staleness + refresh - first }, (_, i) => first + i);
}
