import type { StrategySummary } from '../loop/summary.ts';
import { formatAccuracy, formatCount, formatSeconds, isNumber } from './format.ts';
import { withinItsRun } from './ledgerWords.ts';
import { lastStepOf, type ReportData, targetsOf } from './reportData.ts';

/** What a comparison found, in words. */
export interface Headline {
  /** One sentence. */
  readonly finding: string;
  /** What a fair reader must know beside it: the cost of the irreducible losses, a strategy that does better. */
  readonly remarks: readonly string[];
}

/**
 * Says what the runs show of the strategy under study (`rho`, else one of its kind, else the first that is not the
 * baseline) against the baseline (`uniform`, else the first other one), at the highest target accuracy both reach. Every
 * figure is the mean over seeds. It reports a loss in the same words as a gain.
 */
export function headline(data: ReportData): Headline {
  const names = Object.keys(data.strategies);
  const subject = names.find((name) => name === 'rho') ?? names.find(isRho) ?? names.find((name) => name !== 'uniform');
  const baseline = names.find((name) => name === 'uniform') ?? names.find((name) => name !== subject);
  if (subject === undefined || baseline === undefined || subject === baseline) {
    const only = subject ?? baseline;
    if (only === undefined) return { finding: 'There are no runs to compare.', remarks: [] };
    const cost = notCounted(data, only);
    const remarks = cost === null ? [] : [`${cost}.`];
    return { finding: alone(data, only), remarks };
  }
  return { finding: compare(data, subject, baseline), remarks: remarks(data, subject, baseline) };
}

/** Seconds of the irreducible losses that a strategy needs; null where it needs none, or they are not known. */
function irreducibleCost({ ledger, il }: ReportData, strategy: string): number | null {
  const known = ledger?.[strategy]?.irreducibleSeconds;
  if (isNumber(known)) return known > 0 ? known : null;
  return isRho(strategy) && il ? il.seconds + il.scoringSeconds : null;
}

/** "Not counted: 1.20 s for the irreducible losses, once for all runs on this data"; null for a strategy that needs none. */
function notCounted(data: ReportData, strategy: string): string | null {
  const { irreducibleSource: source, unknown } = data.ledger?.[strategy] ?? {};
  const cost = irreducibleCost(data, strategy);
  if (cost !== null)
    return `Not counted: ${formatSeconds(cost)} for the irreducible losses${source ? ` (${source})` : ''}, once for all runs on this data`;
  const why = unknown?.irreducibleSeconds;
  return why === undefined ? null : `Not counted: the irreducible losses, whose cost is not known (${why})`;
}

function isRho(name: string): boolean {
  return name.startsWith('rho');
}

function steps(data: ReportData, strategy: string, target: string): number | null {
  return data.strategies[strategy]?.stepsToTarget[target]?.mean ?? null;
}

function seconds(data: ReportData, strategy: string, target: string): number | null {
  return data.strategies[strategy]?.secondsToTarget[target]?.mean ?? null;
}

function highestReached(data: ReportData, strategies: readonly string[]): string | undefined {
  return targetsOf(data).findLast((target) => strategies.every((name) => isNumber(steps(data, name, target))));
}

/** "60 steps (0.61 s)" */
function effort(data: ReportData, strategy: string, target: string): string {
  return `${stepsInWords(steps(data, strategy, target))} (${formatSeconds(seconds(data, strategy, target))})`;
}

function stepsInWords(count: number | null): string {
  return `${formatCount(count)} ${isNumber(count) && Math.round(count) === 1 ? 'step' : 'steps'}`;
}

function finalAccuracy(summary: StrategySummary | undefined): string {
  return formatAccuracy(summary?.finalAccuracy.mean ?? null);
}

function alone(data: ReportData, strategy: string): string {
  const target = highestReached(data, [strategy]);
  const end = `after ${stepsInWords(lastStepOf(data))} its accuracy is ${finalAccuracy(data.strategies[strategy])}`;
  if (target) return `${strategy} reaches ${target} in ${effort(data, strategy, target)}; ${end}.`;
  const lowest = targetsOf(data)[0];
  return lowest ? `${strategy} does not reach ${lowest}; ${end}.` : `${capital(end.replace('its', `${strategy}'s`))}.`;
}

function compare(data: ReportData, subject: string, baseline: string): string {
  const target = highestReached(data, [subject, baseline]);
  const bySubject = highestReached(data, [subject]);
  const byBaseline = highestReached(data, [baseline]);
  const [own, other] = [finalAccuracy(data.strategies[subject]), finalAccuracy(data.strategies[baseline])];
  if (target) {
    const stepGain = ratio(steps(data, baseline, target), steps(data, subject, target));
    const timeGain = ratio(seconds(data, baseline, target), seconds(data, subject, target));
    const gains = [changeInWords(stepGain, 'steps', 'fewer'), changeInWords(timeGain, 'time', 'less')];
    const opposed = stepGain !== null && timeGain !== null && opposite(stepGain, timeGain);
    const gain = gains.filter((words) => words !== '').join(opposed ? ', but ' : ', ');
    const beyond = [
      bySubject && bySubject !== target ? `; ${alsoReached(data, subject, baseline, bySubject)}` : '',
      byBaseline && byBaseline !== target ? `; ${alsoReached(data, baseline, subject, byBaseline)}` : '',
    ].join('');
    const first = `${subject} reaches ${target} in ${effort(data, subject, target)}`;
    return `${first}, ${baseline} in ${effort(data, baseline, target)}: ${gain}${beyond}.`;
  }
  if (bySubject) return oneOnly(data, subject, baseline, bySubject);
  if (byBaseline) return oneOnly(data, baseline, subject, byBaseline);
  const lowest = targetsOf(data)[0];
  const run = stepsInWords(lastStepOf(data));
  if (!lowest) return `After ${run} the accuracy of ${subject} is ${own}, that of ${baseline} ${other}.`;
  return `Neither ${subject} nor ${baseline} reaches ${lowest} in ${run}: their final accuracy is ${own} and ${other}.`;
}

function alsoReached(data: ReportData, winner: string, loser: string, target: string): string {
  return `${winner} also reaches ${target}, ${notReached(data, loser, target)}`;
}

/** "uniform not within the 300 steps (2.00 s) it ran" */
function notReached(data: ReportData, loser: string, target: string): string {
  const perSeed = data.strategies[loser]?.stepsToTarget[target]?.perSeed ?? [];
  const reached = perSeed.filter(isNumber).length;
  return `${loser} ${reached > 0 ? `with ${reached} of ${perSeed.length} seeds only` : 'not'} ${withinRunOf(data, loser)}`;
}

/** "within the 300 steps (2.00 s) it ran" */
function withinRunOf({ runs, strategies }: ReportData, strategy: string): string {
  const steps = runs.filter((run) => run.strategy === strategy).map(({ evaluations }) => evaluations.at(-1)?.step ?? 0);
  const seconds = strategies[strategy]?.seconds.mean ?? null;
  const ran = isNumber(seconds) ? { seeds: 1, steps: Math.max(0, ...steps), seconds } : null;
  return withinItsRun(ran);
}

function oneOnly(data: ReportData, winner: string, loser: string, target: string): string {
  const end = `and ends at ${finalAccuracy(data.strategies[loser])}`;
  return `${winner} reaches ${target} in ${effort(data, winner, target)}; ${notReached(data, loser, target)} ${end}.`;
}

function remarks(data: ReportData, subject: string, baseline: string): string[] {
  const found: string[] = [];
  const target = highestReached(data, [subject, baseline]) ?? highestReached(data, [subject]);
  const cost = irreducibleCost(data, subject);
  const words = notCounted(data, subject);
  if (words !== null) {
    const own = target === undefined || cost === null ? null : seconds(data, subject, target);
    const other = target === undefined ? null : seconds(data, baseline, target);
    const sum = isNumber(own) && cost !== null ? own + cost : null;
    const change = changeInWords(ratio(other, sum), 'time', 'less');
    const withThem =
      change === ''
        ? ''
        : `; with them ${subject} reaches ${target} in ${formatSeconds(sum)}, ${change} ${change.includes('less') ? 'than' : 'as'} ${baseline}`;
    found.push(`${words}${withThem}.`);
  }
  found.push(...atEqualTimes(data, subject, baseline));
  const others = Object.keys(data.strategies).filter((name) => name !== subject && name !== baseline);
  if (target) {
    const own = steps(data, subject, target)!;
    const faster = others.filter((name) => (steps(data, name, target) ?? Number.POSITIVE_INFINITY) < own);
    const list = faster.map((name) => `${name} in ${effort(data, name, target)}`).join(', ');
    if (list) found.push(`Fewer steps to ${target}: ${list}.`);
  }
  const own = data.strategies[subject]?.finalAccuracy.mean ?? null;
  const ahead = [baseline, ...others].filter((name) => {
    const other = data.strategies[name]?.finalAccuracy.mean ?? null;
    return isNumber(own) && isNumber(other) && other - own >= 0.0005;
  });
  const list = ahead.map((name) => `${name} (${finalAccuracy(data.strategies[name])})`).join(', ');
  if (list)
    found.push(
      `At the last step ${list} ${ahead.length > 1 ? 'are' : 'is'} ahead of ${subject} (${formatAccuracy(own)}).`,
    );
  return found;
}

/** What both had after the same seconds of training, or why that is not known. */
function atEqualTimes({ strategies }: ReportData, subject: string, baseline: string): string[] {
  const [own, other] = [strategies[subject]?.accuracyAfter, strategies[baseline]?.accuracyAfter];
  if (own === undefined || other === undefined) return [];
  const time = Object.keys(own)
    .sort((a, b) => Number(a) - Number(b))
    .at(-1);
  if (time === undefined)
    return [
      'Accuracy after equal seconds is not known: when the shortest run was over, another had not been evaluated; pass a lower --eval-every.',
    ];
  const at = (after: typeof own): string => formatAccuracy(after[time]?.mean ?? null);
  return [
    `After the same ${formatSeconds(Number(time))} of training: ${subject} ${at(own)}, ${baseline} ${at(other)}.`,
  ];
}

function ratio(baseline: number | null, subject: number | null): number | null {
  return isNumber(baseline) && isNumber(subject) && subject > 0 && baseline > 0 ? baseline / subject : null;
}

/** Differences under five per cent are called none: an evaluation interval or a busy machine makes more. */
function changeInWords(gain: number | null, noun: string, better: string): string {
  if (gain === null) return '';
  if (gain >= 1.05) return `${gain.toFixed(1)}x ${better} ${noun}`;
  if (gain <= 1 / 1.05) return `${(1 / gain).toFixed(1)}x as ${noun === 'steps' ? 'many' : 'much'} ${noun}`;
  return noun === 'steps' ? 'about as many steps' : `about the same ${noun}`;
}

function opposite(a: number, b: number): boolean {
  return (a >= 1.05 && b <= 1 / 1.05) || (b >= 1.05 && a <= 1 / 1.05);
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
