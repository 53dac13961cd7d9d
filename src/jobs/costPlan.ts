import type { RankAgreement } from '../core/rankAgreement.ts';
import { mean } from '../core/statistics.ts';
import { flagsOf, type PlannedOptions, type PlanSetting, type SettingKind } from './planSettings.ts';

/** A setting that ran for a while, in every round. */
export interface Measurement {
  readonly setting: PlanSetting;
  /** Seconds of a step, by round. */
  readonly seconds: readonly number[];
  /** Steps that those are means of, in all. */
  readonly steps: number;
  /** With exact scores, mean over some big batches; null where the scores are exact. */
  readonly agreement: RankAgreement | null;
}

/** A setting that cannot run here. */
export interface LeftOut {
  readonly setting: PlanSetting;
  readonly reason: string;
}

/** What an IL model was seen to cost. */
export interface IlMeasurement {
  readonly model: string;
  readonly epochs: number;
  readonly batch: number;
  readonly holdout: number;
  /** Seconds of a training step; null where the model is there already. */
  readonly stepSeconds: number | null;
  /** Seconds to score an example. */
  readonly exampleSeconds: number;
}

/** Everything a plan follows from. */
export interface CostsMeasured {
  /** Uniform and exact are among them. */
  readonly measured: readonly Measurement[];
  readonly leftOut: readonly LeftOut[];
  /** Steps of the run that is planned. */
  readonly steps: number;
  /** Examples of the target half. */
  readonly target: number;
  /** Null where irreducible losses are there, or nothing can be said of them. */
  readonly il: IlMeasurement | null;
}

/** What became of a setting. */
export type Verdict = 'unit' | 'recommended' | 'possible' | 'offered' | 'not cheaper' | 'disagrees' | 'online';

/** A setting in the result. */
export interface PlanRow {
  readonly name: string;
  readonly kind: SettingKind;
  readonly verdict: Verdict;
  readonly secondsPerStep: number;
  /** The cost of a step in uniform steps of the same round, mean over rounds. */
  readonly uniformSteps: number;
  /** How far rounds lie apart: largest minus smallest, by their mean. */
  readonly spread: number;
  readonly steps: number;
  readonly spearman: number | null;
  readonly topTenthOverlap: number | null;
  readonly options: PlannedOptions;
  readonly flags: string;
}

/** What an IL model and its losses cost before the first step. */
export interface IlCost {
  readonly model: string;
  readonly epochs: number;
  readonly stepsPerSecond: number | null;
  /** At most: training may end earlier. */
  readonly trainingSeconds: number;
  readonly scoringSeconds: number;
}

/** Irreducible losses scored in the run against those scored before it. */
export interface OnlineCost {
  /** The cheapest of the settings. */
  readonly name: string;
  readonly secondsPerStep: number;
  readonly flags: string;
  /** Steps from which on scoring the target half before takes less time in all; null where a step costs no more online. */
  readonly storePaysFrom: number | null;
}

/** What long runs will cost, and what is recommended. */
export interface CostPlan {
  readonly settings: readonly PlanRow[];
  readonly leftOut: readonly { readonly name: string; readonly flags: string; readonly reason: string }[];
  readonly recommended: { readonly name: string; readonly options: PlannedOptions; readonly flags: string };
  readonly run: {
    readonly steps: number;
    readonly uniformSeconds: number;
    /** With the recommended setting, from losses that are there. */
    readonly seconds: number;
    /** Selection pays where uniform needs more than so many times its steps. */
    readonly breakEven: number;
    /** The same where the IL model is paid for by this run alone; null where it then never pays, or costs nothing more. */
    readonly breakEvenWithIl: number | null;
  };
  readonly il: IlCost | null;
  readonly online: OnlineCost | null;
}

/** Rank agreement from which on a cheap form of scoring is recommended. */
export const leastAgreement: RankAgreement = { spearman: 0.9, topTenthOverlap: 0.8 };

/** The holdout-trained model is checked on the target half this often in a pass. */
const checksPerEpoch = 2;

/**
 * A plan from measurements, by arithmetic alone. Recommended is the cheapest of exact scoring, cheap forms that agree with it well
 * enough, and stale scores with a shortlist; what is not exact has to be cheaper in every round. Reuse of earlier losses
 * is only offered: whether they still tell the order shows after passes, not seconds.
 */
export function planCosts({ measured, leftOut, steps, target, il }: CostsMeasured): CostPlan {
  const uniform = ofKind(measured, 'uniform');
  const exact = ofKind(measured, 'exact');
  const verdicts = new Map(measured.map((each) => [each, verdictOn(each, exact)]));
  const possible = measured.filter((each) => verdicts.get(each) === 'possible');
  const best = possible.reduce((a, b) => (mean(b.seconds) < mean(a.seconds) ? b : a), exact);
  verdicts.set(best, 'recommended');

  const settings = measured.map((each) => rowOf(each, uniform, verdicts.get(each)!));
  const { name, options, flags, uniformSteps: breakEven, secondsPerStep } = settings[measured.indexOf(best)]!;
  const ilCost = il && costOfIl(il, target);
  const uniformSeconds = steps * mean(uniform.seconds);
  return {
    settings,
    leftOut: leftOut.map(({ setting, reason }) => ({ name: setting.name, flags: flagsOf(setting.options), reason })),
    recommended: { name, options, flags },
    run: {
      steps,
      uniformSeconds,
      seconds: steps * secondsPerStep,
      breakEven,
      breakEvenWithIl: ilCost && breakEvenWith(ilCost, uniformSeconds, breakEven),
    },
    il: ilCost,
    online: onlineCost(settings, secondsPerStep, ilCost),
  };
}

function ofKind(measured: readonly Measurement[], kind: SettingKind): Measurement {
  const found = measured.find(({ setting }) => setting.kind === kind);
  if (found === undefined) throw new Error(`A plan cannot be made without a measurement of "${kind}"`);
  return found;
}

function verdictOn({ setting, seconds, agreement }: Measurement, exact: Measurement): Verdict {
  if (setting.kind === 'uniform') return 'unit';
  if (setting.kind === 'exact') return 'possible';
  if (setting.kind === 'online') return 'online';
  if (setting.kind === 'reuse') return 'offered';
  if (setting.kind === 'cheap' && !agrees(agreement)) return 'disagrees';
  return seconds.every((each, round) => each < exact.seconds[round]!) ? 'possible' : 'not cheaper';
}

function agrees(agreement: RankAgreement | null): boolean {
  if (agreement === null) return true;
  const { spearman, topTenthOverlap } = leastAgreement;
  return agreement.spearman >= spearman && agreement.topTenthOverlap >= topTenthOverlap;
}

function rowOf({ setting, seconds, steps, agreement }: Measurement, uniform: Measurement, verdict: Verdict): PlanRow {
  const { name, kind, options } = setting;
  const secondsPerStep = mean(seconds);
  return {
    name,
    kind,
    verdict,
    secondsPerStep,
    uniformSteps: mean(seconds.map((each, round) => each / uniform.seconds[round]!)),
    spread: (Math.max(...seconds) - Math.min(...seconds)) / secondsPerStep,
    steps,
    spearman: agreement?.spearman ?? null,
    topTenthOverlap: agreement?.topTenthOverlap ?? null,
    options,
    flags: flagsOf(options),
  };
}

function costOfIl(
  { model, epochs, batch, holdout, stepSeconds, exampleSeconds }: IlMeasurement,
  target: number,
): IlCost {
  const scoringSeconds = target * exampleSeconds;
  const trained =
    stepSeconds === null ? 0 : Math.floor(holdout / batch) * stepSeconds + checksPerEpoch * scoringSeconds;
  return {
    model,
    epochs,
    stepsPerSecond: stepSeconds && 1 / stepSeconds,
    trainingSeconds: epochs * trained,
    scoringSeconds,
  };
}

/** With step gain g, selection takes c·n/g + IL seconds where uniform takes n: less from g = c·n / (n - IL) on. */
function breakEvenWith(il: IlCost, uniformSeconds: number, breakEven: number): number | null {
  const left = uniformSeconds - il.trainingSeconds - il.scoringSeconds;
  return left > 0 ? (breakEven * uniformSeconds) / left : null;
}

function onlineCost(settings: readonly PlanRow[], fromStore: number, il: IlCost | null): OnlineCost | null {
  const rows = settings.filter(({ kind }) => kind === 'online');
  if (rows.length === 0) return null;
  const { name, secondsPerStep, flags } = rows.reduce((a, b) => (b.secondsPerStep < a.secondsPerStep ? b : a));
  const more = secondsPerStep - fromStore;
  const storePaysFrom = more > 0 && il !== null ? Math.ceil(il.scoringSeconds / more) : null;
  return { name, secondsPerStep, flags, storePaysFrom };
}
