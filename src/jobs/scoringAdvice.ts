import type { StrategyName } from '../core/selection.ts';
import { choosesByTraining, usualShortlist } from './checkScoring.ts';
import { flagsOf } from './flagsOf.ts';
import { stepsOf } from './optimization.ts';
import { scoresAhead } from './scoringForm.ts';
import type { TrainingOptions } from './selectionRun.ts';
import { scorerThreads } from './threadBudget.ts';

/** What is allowed and yet seldom meant, a sentence each; `candidates` is how many examples there are to choose from. */
export function scoringAdvice(
  options: TrainingOptions,
  strategies: readonly StrategyName[],
  candidates: number,
): readonly string[] {
  if (!strategies.some(choosesByTraining)) return [];
  const perEpoch = Math.floor(candidates / options.bigBatch);
  return [adviceOnStaleness(options), adviceOnThreads(options, strategies), adviceOnReuse(options, perEpoch)].filter(
    (line) => line !== null,
  );
}

function adviceOnStaleness(options: TrainingOptions): string | null {
  const { staleness, refresh, shortlist } = options;
  if (!scoresAhead(options) || shortlist !== null) return null;
  const flags = flagsOf({ staleness: staleness > 0 ? staleness : null, refresh: refresh > 1 ? refresh : null });
  const usual = usualShortlist(options);
  const remedy = usual === null ? 'leave it away' : `pass --shortlist ${usual} as well`;
  return `${flags} without --shortlist loses most of what selection gains, for steps that choose by the same weights choose the same kind of points: ${remedy}`;
}

/** Of scoring beside training: irreducible losses online say so themselves. */
function adviceOnThreads(options: TrainingOptions, strategies: readonly StrategyName[]): string | null {
  const tooFew = strategies.some((name) => scorerThreads(options, name, false)?.most === 0);
  if (!tooFew) return null;
  return `--threads ${options.threads} is too few to score candidates while training goes on: each has a thread, 1 + 1 in all; pass --threads 2, or leave staleness away`;
}

function adviceOnReuse(options: TrainingOptions, perEpoch: number): string | null {
  const { reuse } = options;
  const steps = stepsOf(options, perEpoch);
  if (reuse === null || steps > perEpoch) return null;
  return `--reuse ${reuse} reuses nothing in ${steps} steps: losses are known from the second pass over the data on, and a pass has ${perEpoch} steps`;
}
