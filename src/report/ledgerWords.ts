import type { RecordedScoring } from '../loop/events.ts';
import type { Ledger } from '../loop/ledger.ts';
import type { Ran } from '../loop/ran.ts';
import { scoredByTrainer } from '../loop/sides.ts';
import { formatCount, formatMilliseconds, formatSeconds, isNumber } from './format.ts';

/**
 * What a step of the strategy cost and how its candidates were scored, in a few sentences; `defined` where what stands before has
 * said already what f and the rank correlation are.
 */
export function costInWords(strategy: string, ledger: Ledger, defined = false): string {
  const sentences = [stepInWords(strategy, ledger), reuseInWords(ledger), scoringCostInWords(ledger, defined)];
  return [...sentences, overlapInWords(ledger), agreementInWords(ledger, defined)]
    .filter((text) => text !== '')
    .join(' ');
}

function stepInWords(strategy: string, ledger: Ledger): string {
  const { secondsPerStep, uniformSecondsPerStep, uniformSteps, unknown } = ledger;
  const own = formatMilliseconds(secondsPerStep);
  const uniform = formatMilliseconds(uniformSecondsPerStep);
  if (isNumber(uniformSteps))
    return `A ${strategy} step took ${own}, as long as ${uniformSteps.toFixed(2)} uniform steps (${uniform} each).`;
  if (hasUniform(ledger))
    return `A ${strategy} step took ${own}, one of uniform ${uniform}, not to be compared: ${unknown.uniformSteps}.`;
  return `A ${strategy} step took ${own}. What selection gains is seen beside training on random candidates: "rho compare --strategy uniform,${strategy}".`;
}

function scoringCostInWords({ scoring, scored, scoredSpread, unknown }: Ledger, defined: boolean): string {
  const how = scoring ? `Candidates were scored ${scoringInWords(scoring)}` : 'Candidates were scored';
  if (scored === 1 && !scoredSpread) return `${how}, which is the unit of cost (f = 1).`;
  const f = defined ? 'f' : 'f, the cost of scoring one,';
  if (!isNumber(scored)) return `${how}; ${f} is not known: ${unknown.scored}.`;
  const sure = scoredSpread ? ` (${spreadInWords(scoredSpread)})` : '';
  return `${how}; ${f} was ${scored.toFixed(2)} exact forward passes${sure}.`;
}

/** "0.29 to 0.35 in the middle half of 5 measurements" */
export function spreadInWords({ q25, q75, stretches }: NonNullable<Ledger['scoredSpread']>): string {
  return `${q25.toFixed(2)} to ${q75.toFixed(2)} in the middle half of ${stretches} measurements`;
}

/** How much of either side's work went on during the other's, in a sentence; empty where nothing works beside the trainer. */
export function overlapInWords(ledger: Ledger): string {
  const shares = overlapShares(ledger);
  if (shares === null) return '';
  const { ofTime, ofBeside, ofTrainer } = shares;
  return `Beside the trainer ${besideThreads(ledger)} scored ${besideInWords(ledger)} for ${percent(ofTime)} of the time, ${percent(ofBeside)} of that while the trainer worked, which is ${percent(ofTrainer)} of the trainer's work.`;
}

/** Shares of the two sides' work; null where they were not recorded, or nothing works beside the trainer. */
export function overlapShares({ busy, secondsPerStep }: Ledger): {
  /** Of a step, that something beside the trainer worked. */
  readonly ofTime: number;
  readonly ofBeside: number;
  readonly ofTrainer: number;
} | null {
  if (busy === null || !isNumber(secondsPerStep) || !(secondsPerStep > 0)) return null;
  const { trainer, beside, both } = busy;
  if (!(beside > 0) || !(trainer > 0)) return null;
  return { ofTime: beside / secondsPerStep, ofBeside: both / beside, ofTrainer: both / trainer };
}

/** What is scored beside the trainer, which may have to wait for it. */
export function besideInWords({ busy }: Ledger): string {
  if (busy === null) return 'candidates';
  const names = [
    ...(busy.score - scoredByTrainer(busy) > 0 ? ['candidates'] : []),
    ...(busy.irreducible > 0 ? ['irreducible losses'] : []),
  ];
  return names.join(' and ');
}

function besideThreads({ scoreThreads, onlineThreads }: Ledger): string {
  const count = (scoreThreads ?? 0) + (onlineThreads ?? 0);
  return count === 0 ? 'another thread' : inThreads(count);
}

/** "1 thread" */
export function inThreads(count: number): string {
  return `${count} ${count === 1 ? 'thread' : 'threads'}`;
}

/** What the trainer waits for in a mean step: "1.9 ms for candidates being scored, 0.2 ms for data and messages". */
export function waitingInWords(ledger: Ledger): string {
  const { waiting } = ledger;
  if (waiting === null || !isNumber(waiting.forBeside)) return '';
  if (!isNumber(waiting.beside)) return 'for data and messages';
  const rest = `${formatMilliseconds(waiting.trainer - waiting.forBeside)} for data and messages`;
  return `${formatMilliseconds(waiting.forBeside)} while ${besideInWords(ledger)} are scored, ${rest}`;
}

/** How well the scores rank candidates beside exact ones, in a sentence; empty where they are exact. */
function agreementInWords({ agreement, scoring, unknown }: Ledger, defined: boolean): string {
  if (agreement) {
    const times = `${agreement.evaluations} ${agreement.evaluations === 1 ? 'comparison' : 'comparisons'}`;
    const meaning = defined ? '' : ' (Spearman, 1 is the same order)';
    return `In ${times} with exact scores: rank correlation ${agreement.spearman.toFixed(2)}${meaning}, ${percent(agreement.topTenthOverlap)} of the best tenth in common.`;
  }
  if (scoring === null || unknown.agreement === undefined || unknown.agreement === 'its scores are exact') return '';
  return `How well its scores agree with exact ones is not known: ${unknown.agreement}.`;
}

/** In which steps losses were reused, in a sentence; empty where none were to be. */
export function reuseInWords({ reused }: Ledger): string {
  if (!reused) return '';
  const { steps, of, pass } = reused;
  const long = isNumber(pass) ? `, and a pass takes ${formatCount(pass)} steps` : '';
  if (steps === 0)
    return `Nothing was reused, so f and agreement are of scoring all candidates: losses are known from the second pass over the data on${long}.`;
  return `Losses were reused in ${formatCount(steps)} of ${formatCount(of)} steps; f and agreement are of these.`;
}

/** "in 8 bits (int8), by weights 1 step old (staleness), refreshed every 4 steps" */
export function scoringInWords({ form, staleness, refresh, shortlist, reuse }: RecordedScoring): string {
  const how = form === 'exact' ? 'exactly' : form === 'int8' ? 'in 8 bits (int8)' : `as ${form}`;
  const behind = staleness > 0 ? `, by weights ${staleness} ${staleness === 1 ? 'step' : 'steps'} old (staleness)` : '';
  const refreshed = refresh > 1 ? `, refreshed every ${refresh} steps` : '';
  const reused = reuse
    ? `, ${reuse.count} a step, other losses reused for ${reuse.epochs} ${reuse.epochs === 1 ? 'pass' : 'passes'}`
    : '';
  return `${how}${behind}${refreshed}${reused}${isNumber(shortlist) ? `, the best ${shortlist} again exactly` : ''}`;
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
  if (!hasUniform(ledger)) return alone(strategy, target, ledger);
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

/** Whether a uniform run stands beside these: only then anything can be said of one. */
export function hasUniform({ uniformSecondsPerStep }: Ledger): boolean {
  return isNumber(uniformSecondsPerStep);
}

/** "within the 300 steps (12.3 s) it ran", of several seeds "with every seed within …" */
export function withinItsRun(ran: Ran | null | undefined): string {
  if (!ran) return 'in its run';
  const every = ran.seeds > 1 ? 'with every seed ' : '';
  return `${every}within the ${formatCount(ran.steps)} steps (${formatSeconds(ran.seconds)}) it ran`;
}

function alone(strategy: string, target: string, { targets, ran, irreducibleSeconds }: Ledger): string {
  const { none, whole } = targets[target]!.seconds;
  if (!isNumber(none)) return `${strategy} did not reach ${target} ${withinItsRun(ran)}.`;
  const counted =
    irreducibleSeconds !== 0 && isNumber(whole) ? `, ${formatSeconds(whole)} with all of the IL model` : '';
  return `${strategy} reached ${target} in ${formatSeconds(none)}${counted}.`;
}

function whoReached(strategy: string, target: string, { targets, ran, uniformRan }: Ledger): string {
  const { seconds, uniformSeconds } = targets[target]!;
  if (isNumber(seconds.none))
    return `${strategy} reached ${target} in ${formatSeconds(seconds.none)}, uniform not ${withinItsRun(uniformRan)}.`;
  if (isNumber(uniformSeconds))
    return `uniform reached ${target} in ${formatSeconds(uniformSeconds)}, ${strategy} not ${withinItsRun(ran)}.`;
  return `${strategy} did not reach ${target} ${withinItsRun(ran)}, nor did uniform ${withinItsRun(uniformRan)}.`;
}

/** Differences under five per cent are called none: a busy machine makes more. */
function winner(strategy: string, gain: number): string {
  const times = (value: number): string => `${value.toFixed(value < 1.95 ? 2 : 1)}x`;
  if (gain >= 1.05) return `${strategy} was ${times(gain)} faster`;
  if (gain <= 1 / 1.05) return `uniform was ${times(1 / gain)} faster`;
  return `${strategy} was as fast as uniform`;
}

/** 0.92 as "92%". */
export function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}

/** The highest target that a strategy and uniform both reached with every seed. */
export function highestShared({ targets }: Ledger): string | undefined {
  return Object.keys(targets)
    .sort((a, b) => Number(a) - Number(b))
    .findLast((target) => isNumber(targets[target]!.stepGain));
}
