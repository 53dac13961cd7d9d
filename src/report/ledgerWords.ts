import type { RecordedScoring } from '../loop/events.ts';
import type { Ledger } from '../loop/ledger.ts';
import { formatMilliseconds, formatSeconds, isNumber } from './format.ts';

/** What a step of the strategy cost and how its candidates were scored, in a sentence. */
export function costInWords(strategy: string, ledger: Ledger): string {
  const { secondsPerStep, uniformSecondsPerStep, uniformSteps, scored, overlap, agreement, unknown } = ledger;
  const own = formatMilliseconds(secondsPerStep);
  const step = isNumber(uniformSteps)
    ? `A ${strategy} step cost ${uniformSteps.toFixed(2)} uniform steps (${own}, ${formatMilliseconds(uniformSecondsPerStep)})`
    : `A ${strategy} step took ${own}, in uniform steps not known: ${unknown.uniformSteps}`;
  const parts = [
    ledger.scoring ? `scoring ${scoringInWords(ledger.scoring)}` : '',
    isNumber(scored) ? `f ${scored.toFixed(2)}` : `f not known: ${unknown.scored}`,
    isNumber(overlap) ? `overlap ${percent(overlap)}` : '',
    agreement
      ? `Spearman ${agreement.spearman.toFixed(2)}, top-10% overlap ${agreement.topTenthOverlap.toFixed(2)}`
      : '',
  ];
  return `${step}; ${parts.filter((part) => part !== '').join(', ')}.`;
}

/** "int8, 1 step behind, refreshed every 4 steps" */
export function scoringInWords({ form, staleness, refresh, shortlist, reuse }: RecordedScoring): string {
  const behind = staleness > 0 ? `, ${staleness} ${staleness === 1 ? 'step' : 'steps'} behind` : '';
  const refreshed = refresh > 1 ? `, refreshed every ${refresh} steps` : '';
  const reused = reuse
    ? `, ${reuse.count} a step, other losses reused for ${reuse.epochs} ${reuse.epochs === 1 ? 'pass' : 'passes'}`
    : '';
  return `${form}${behind}${refreshed}${reused}${isNumber(shortlist) ? `, the best ${shortlist} again exactly` : ''}`;
}

/** The scoring cost at which a run breaks even at a target, in a sentence; empty where it is not known. */
export function breakEvenInWords(strategy: string, target: string, ledger: Ledger): string {
  const { trained, kept } = ledger;
  const breakEven = ledger.targets[target]?.breakEven;
  if (!isNumber(breakEven) || !isNumber(trained) || !isNumber(kept)) return '';
  if (breakEven <= 0) return `To ${target} no f is low enough: ${strategy} takes as many steps as uniform, or more.`;
  const terms = `a trained example costs ${trained.toFixed(1)} exact forwards, ${percent(kept)} are kept`;
  return `To ${target} scoring saves machine time where f is below ${breakEven.toFixed(2)} (${terms}).`;
}

/** Who was faster to a target, without the cost of the IL model, with a fifth and with all of it, in a sentence. */
export function verdictInWords(strategy: string, target: string, ledger: Ledger): string {
  const { targets, unknown, irreducibleSeconds } = ledger;
  const at = targets[target];
  if (!at) return '';
  if (!isNumber(at.seconds.none) || !isNumber(at.uniformSeconds)) return whoReached(strategy, target, ledger);
  if (!isNumber(at.gain.none)) return `To ${target} times cannot be compared: ${unknown.uniformSteps}.`;
  const times = `(${formatSeconds(at.seconds.none)}, uniform ${formatSeconds(at.uniformSeconds)})`;
  const first = `${winner(strategy, at.gain.none)} to ${target} ${times}`;
  if (irreducibleSeconds === 0) return `${first}.`;
  if (!isNumber(at.gain.whole) || !isNumber(at.gain.sharedByFive))
    return `Without the IL model, whose cost is not known, ${first}.`;
  const shared = `${winner(strategy, at.gain.sharedByFive)} when 5 runs share it`;
  return `Without the IL model ${first}; ${shared}; ${winner(strategy, at.gain.whole)} when all of it is counted.`;
}

function whoReached(strategy: string, target: string, { targets }: Ledger): string {
  const { seconds, uniformSeconds } = targets[target]!;
  if (isNumber(seconds.none))
    return `Only ${strategy} reached ${target} with every seed (${formatSeconds(seconds.none)}).`;
  if (isNumber(uniformSeconds))
    return `Only uniform reached ${target} with every seed (${formatSeconds(uniformSeconds)}).`;
  return `Neither ${strategy} nor uniform reached ${target} with every seed.`;
}

/** Differences under five per cent are called none: a busy machine makes more. */
function winner(strategy: string, gain: number): string {
  const times = (value: number): string => `${value.toFixed(value < 1.95 ? 2 : 1)}x`;
  if (gain >= 1.05) return `${strategy} was ${times(gain)} faster`;
  if (gain <= 1 / 1.05) return `uniform was ${times(1 / gain)} faster`;
  return `${strategy} was as fast as uniform`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}

/** The highest target that a strategy and uniform both reached with every seed. */
export function highestShared({ targets }: Ledger): string | undefined {
  return Object.keys(targets)
    .sort((a, b) => Number(a) - Number(b))
    .findLast((target) => isNumber(targets[target]!.stepGain));
}
