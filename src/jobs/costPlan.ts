import type { RankAgreement } from '../core/rankAgreement.ts';
import { quantileOfSorted } from '../core/statistics.ts';
import { flagsOf } from './flagsOf.ts';
import type { PlannedOptions, PlanSetting, SettingKind } from './planSettings.ts';

/** A setting that ran in turns with uniform. */
export interface Measurement {
  readonly setting: PlanSetting;
  /** By turn, seconds of a step, and of one of uniform just before. */
  readonly turns: readonly { readonly seconds: number; readonly uniform: number }[];
  /** With exact scores, mean over some big batches; null where the scores are exact, or it was not looked at. */
  readonly agreement: RankAgreement | null;
}

/** A setting that cannot run here. */
export interface LeftOut {
  readonly setting: PlanSetting;
  readonly reason: string;
}

/** What an IL model and its losses take before the first step. */
export interface IlCost {
  readonly model: string;
  /** At most, where it is still to be trained: it may end before its last pass. Null where it is not known. */
  readonly trainingSeconds: number | null;
  /** Of the target half. */
  readonly scoringSeconds: number;
  /** Whether that is what records say, or was estimated from measurements. */
  readonly isRecorded: boolean;
}

/** Everything a plan follows from. */
export interface CostsMeasured {
  /** Exact first, then in the order in which one was built on others; online last. */
  readonly measured: readonly Measurement[];
  readonly leftOut: readonly LeftOut[];
  /** Steps of uniform that the run would take. */
  readonly steps: number;
  readonly il: IlCost | null;
}

/** What became of a setting. */
export type Verdict = 'unit' | 'recommended' | 'hardly cheaper' | 'dearer' | 'disagrees' | 'untried' | 'online';

/** A setting in the result. */
export interface PlanRow {
  readonly name: string;
  readonly kind: SettingKind;
  readonly verdict: Verdict;
  /** Uniform steps by the median of uniform over all turns, so that a drifting machine does not spoil it. */
  readonly secondsPerStep: number;
  /** The cost of a step in uniform steps, median over turns. */
  readonly uniformSteps: number;
  /** How far the middle half of the turns lies apart, by their median. */
  readonly spread: number;
  readonly spearman: number | null;
  readonly topTenthOverlap: number | null;
  readonly options: PlannedOptions;
  readonly flags: string;
}

/** When an IL model is paid back by a selection that needs `gain` times fewer steps than uniform. */
export interface PayBack {
  readonly gain: number;
  /** In one run, from so many steps of uniform on. */
  readonly steps: number;
  /** With the steps of the plan, by so many runs that share it. */
  readonly runs: number;
}

/** Irreducible losses scored in the run against those scored before it. */
export interface OnlineCost {
  readonly secondsPerStep: number;
  /** Steps from which on scoring the target half before takes less time in all; null where a step costs no more online. */
  readonly storePaysFrom: number | null;
}

/** What long runs will cost, and what is recommended. */
export interface CostPlan {
  readonly settings: readonly PlanRow[];
  readonly leftOut: readonly { readonly name: string; readonly flags: string; readonly reason: string }[];
  readonly recommended: PlanRow;
  readonly run: {
    readonly steps: number;
    readonly uniformSeconds: number;
    /** As many steps with the recommended setting, from losses that are there. */
    readonly seconds: number;
    /** Selection pays where uniform needs more than so many times its steps. */
    readonly breakEven: number;
    /** The same where the IL model is paid for by this run alone; null where it then never pays, or its cost is not known. */
    readonly breakEvenWithIl: number | null;
  };
  readonly il: IlCost | null;
  /** For gains at which selection pays; none where nothing is known of the IL model. */
  readonly payBack: readonly PayBack[];
  readonly online: OnlineCost | null;
}

/** Rank agreement from which on a cheap form of scoring is recommended. */
export const leastAgreement: RankAgreement = { spearman: 0.9, topTenthOverlap: 0.8 };

/** What is less exact, or more complicated, has to be cheaper by this share. */
export const leastSaving = 0.05;

/** Gains in steps that are looked at: what runs have shown lies between these. */
const gains = [2, 3, 5];

/**
 * The setting to run with: from exact scoring on, each one that costs clearly less than the best before it, and agrees with exact scores
 * well enough.
 */
export function bestOf(measured: readonly Measurement[]): Measurement {
  return measured
    .filter(({ setting, agreement }) => setting.kind === 'exact' || (setting.kind !== 'online' && agrees(agreement)))
    .reduce((best, next) => (isCheaper(next, best) ? next : best));
}

/** Whether a setting costs clearly less than the best before it; where it does not, its agreement is no matter. */
export function isCheaper(next: Pick<Measurement, 'turns'>, best: Measurement): boolean {
  return costOf(next) < costOf(best) * (1 - leastSaving);
}

/** A plan from measurements, by arithmetic alone. */
export function planCosts({ measured, leftOut, steps, il }: CostsMeasured): CostPlan {
  const unit = median(measured.flatMap(({ turns }) => turns.map(({ uniform }) => uniform)));
  const best = bestOf(measured);
  const settings = measured.map((each) => rowOf(each, unit, verdictOn(each, best)));
  const recommended = settings[measured.indexOf(best)]!;
  const online = settings.find(({ kind }) => kind === 'online');
  const uniformSeconds = steps * unit;
  const { uniformSteps: breakEven, secondsPerStep } = recommended;
  const ilSeconds = il === null || il.trainingSeconds === null ? null : il.trainingSeconds + il.scoringSeconds;
  return {
    settings: [uniformRow(measured[0]!.setting, unit), ...settings],
    leftOut: leftOut.map(({ setting, reason }) => ({ name: setting.name, flags: flagsOf(setting.options), reason })),
    recommended,
    run: {
      steps,
      uniformSeconds,
      seconds: steps * secondsPerStep,
      breakEven,
      breakEvenWithIl: ilSeconds === null ? null : breakEvenWith(ilSeconds, uniformSeconds, breakEven),
    },
    il,
    payBack:
      ilSeconds === null ? [] : gains.flatMap((gain) => payBackAt(gain, ilSeconds, uniformSeconds, steps, breakEven)),
    online: online === undefined ? null : onlineCost(online.secondsPerStep, secondsPerStep, il),
  };
}

function costOf({ turns }: Pick<Measurement, 'turns'>): number {
  return median(costsOf(turns));
}

/** In uniform steps, each turn by uniform just before it. */
function costsOf(turns: Measurement['turns']): number[] {
  return turns.map(({ seconds, uniform }) => seconds / uniform);
}

function agrees(agreement: RankAgreement | null): boolean {
  const { spearman, topTenthOverlap } = leastAgreement;
  return agreement !== null && agreement.spearman >= spearman && agreement.topTenthOverlap >= topTenthOverlap;
}

function verdictOn(measurement: Measurement, best: Measurement): Verdict {
  const { setting, agreement } = measurement;
  if (measurement === best) return 'recommended';
  if (setting.kind === 'online') return 'online';
  if (costOf(measurement) >= costOf(best)) return 'dearer';
  if (!isCheaper(measurement, best)) return 'hardly cheaper';
  return agreement === null ? 'untried' : 'disagrees';
}

function rowOf(measurement: Measurement, unit: number, verdict: Verdict): PlanRow {
  const { setting, turns, agreement } = measurement;
  const { name, kind, options } = setting;
  const costs = costsOf(turns).sort((a, b) => a - b);
  const uniformSteps = median(costs);
  return {
    ...{ name, kind, verdict, secondsPerStep: uniformSteps * unit, uniformSteps },
    spread: (quantileOfSorted(costs, 0.75) - quantileOfSorted(costs, 0.25)) / uniformSteps,
    spearman: agreement?.spearman ?? null,
    topTenthOverlap: agreement?.topTenthOverlap ?? null,
    options,
    flags: flagsOf(options),
  };
}

function uniformRow({ options }: PlanSetting, secondsPerStep: number): PlanRow {
  return {
    ...{ name: 'uniform', kind: 'uniform', verdict: 'unit', secondsPerStep, uniformSteps: 1, spread: 0 },
    ...{ spearman: null, topTenthOverlap: null, options, flags: flagsOf(options) },
  };
}

function median(values: readonly number[]): number {
  return quantileOfSorted(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** With step gain g, selection takes c·n/g + IL seconds where uniform takes n: less from g = c·n / (n - IL) on. */
function breakEvenWith(il: number, uniformSeconds: number, breakEven: number): number | null {
  const left = uniformSeconds - il;
  return left > 0 ? (breakEven * uniformSeconds) / left : null;
}

/** At step gain g, selection saves 1 - c/g of uniform's time. */
function payBackAt(gain: number, il: number, uniformSeconds: number, steps: number, breakEven: number): PayBack[] {
  const saved = uniformSeconds * (1 - breakEven / gain);
  if (saved <= 0) return [];
  return [{ gain, steps: Math.ceil((steps * il) / saved), runs: Math.ceil(il / saved) }];
}

function onlineCost(secondsPerStep: number, fromStore: number, il: IlCost | null): OnlineCost {
  const more = secondsPerStep - fromStore;
  return { secondsPerStep, storePaysFrom: more > 0 && il !== null ? Math.ceil(il.scoringSeconds / more) : null };
}
