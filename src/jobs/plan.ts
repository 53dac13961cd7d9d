import { RhoError } from '../core/errors.ts';
import { makeOrder } from '../core/order.ts';
import { storedLosses } from '../loop/irreducible.ts';
import { ThreadFailure } from '../runtime/thread.ts';
import {
  bestOf,
  type CostPlan,
  type IlCost,
  isCheaper,
  type LeftOut,
  type Measurement,
  planCosts,
} from './costPlan.ts';
import { exactScoring } from './exactScoring.ts';
import { type DataOptions, type Experiment, openExperiment } from './experiment.ts';
import type { Host } from './host.ts';
import type { IlOptions } from './il.ts';
import { costOfIrreducible } from './irreducibleCost.ts';
import { onlineModel, openIrreducible, type RunLosses, scoredOnline } from './irreducibleSource.ts';
import { measureIl, measureIlScoring } from './measureIl.ts';
import { type Bench, type OpenSetting, openSetting, warmUp } from './measureSetting.ts';
import { loadModel } from './model.ts';
import { stepsOf } from './optimization.ts';
import { basicSettings, onlineSetting, type PlannedOptions, type PlanSetting, planStages } from './planSettings.ts';
import { checkTarget, type TrainingOptions } from './selectionRun.ts';

/** A run that is planned; how it scores is what the plan says. */
export interface PlanOptions extends DataOptions, TrainingOptions, IlOptions {
  /** A loss store or an IL model; null has zeros stand in, which cost the same. */
  readonly irreducible: string | null;
}

/** Options that `rho train --config` and `rho compare --config` take: those that were measured, and those recommended. */
export interface PlanFile
  extends Pick<TrainingOptions, 'model' | 'bigBatch' | 'smallBatch' | 'engine' | 'device'>,
    PlannedOptions {}

/** A plan, and what it is a plan for. */
export interface PlanResult extends CostPlan {
  readonly data: string;
  readonly model: string;
  readonly bigBatch: number;
  readonly smallBatch: number;
  readonly threads: number;
  /** What irreducible losses were while it was measured. */
  readonly irreducible: 'store' | 'zeros';
  /** Seconds that measuring took. */
  readonly measuring: number;
  readonly config: PlanFile;
}

/** Seconds that measuring takes, in turns of all settings; where steps take long, each has two turns at least. */
const turnBudget = 8;
const turnCount = { least: 2, most: 8 };
/** Seconds of a turn, at least, and of uniform beside it. */
const turnSeconds = { setting: 0.12, uniform: 0.06 };
/** Seconds that training and scoring of an IL model are tried for. */
const ilSeconds = 0.5;
/** Seconds that a pass over the data may take, after which it shows whether losses of the pass before tell the order. */
const passBudget = 6;

/** Measures what steps cost here in several settings, and plans by that. Writes nothing. */
export async function planRun(options: PlanOptions, host: Host): Promise<PlanResult> {
  const experiment = await openExperiment(options);
  await checkTarget(experiment, options);
  const began = performance.now();
  try {
    const losses = await openLosses(experiment, options, host);
    const steps = stepsOf(options, perEpochOf(experiment, options));
    const plan = planCosts({ ...(await measureAll(experiment, options, losses, host)), steps, il: losses.il });
    const { model, bigBatch, smallBatch, engine, device, threads } = options;
    return {
      ...{ data: experiment.data.name, model, bigBatch, smallBatch, threads },
      ...plan,
      irreducible: losses.isStored ? 'store' : 'zeros',
      measuring: (performance.now() - began) / 1000,
      config: { model, bigBatch, smallBatch, engine, device, ...plan.recommended.options },
    };
  } catch (error) {
    if (!(error instanceof ThreadFailure)) throw error;
    throw new RhoError('failure', `Measuring stopped: ${error.message}; ${host.afterInterrupt()}`);
  }
}

function perEpochOf({ split }: Experiment, { bigBatch, seed }: PlanOptions): number {
  return makeOrder(split.target, bigBatch, seed).perEpoch;
}

/** Irreducible losses for settings to be measured with, and what they cost. */
interface Losses {
  readonly isStored: boolean;
  readonly stored: RunLosses;
  /** Has them scored in the run; null where they are there already, or there will be no IL model. */
  readonly online: ((options: TrainingOptions) => Promise<RunLosses>) | null;
  readonly il: IlCost | null;
}

async function openLosses(experiment: Experiment, options: PlanOptions, host: Host): Promise<Losses> {
  const { data } = experiment;
  const { irreducible: path, bigBatch } = options;
  const zeros = { ...storedLosses(new Float32Array(data.length)), share: null };
  if (path === null) {
    const il = await measureIl(experiment, options, bigBatch, ilSeconds, host);
    const model = await loadModel(options.ilModel, data, options.seed);
    const online = (run: TrainingOptions) => scoredOnline(model, data, run, () => undefined);
    return { isStored: false, stored: zeros, online: il && online, il };
  }
  const file = await onlineModel(path);
  if (file === null) {
    const stored = await openIrreducible(path, experiment, options, host.say);
    return { isStored: true, stored, online: null, il: await recordedCost(path) };
  }
  const alone = await openIrreducible(path, experiment, options, () => undefined);
  try {
    const scoringSeconds = await measureIlScoring(experiment, alone, bigBatch, ilSeconds, host);
    const { training } = await costOfIrreducible(path);
    const trainingSeconds = training?.seconds ?? null;
    const il = { model: file, trainingSeconds, scoringSeconds, isRecorded: training !== null };
    return {
      isStored: false,
      stored: zeros,
      online: (run) => openIrreducible(path, experiment, run, () => undefined),
      il,
    };
  } finally {
    await alone.close();
  }
}

/** What the losses of a store took; null for those that were made elsewhere. */
async function recordedCost(store: string): Promise<IlCost | null> {
  const { training, scoring } = await costOfIrreducible(store);
  if (scoring === null || scoring === 'online') return null;
  const trainingSeconds = training?.seconds ?? null;
  return { model: `of ${store}`, trainingSeconds, scoringSeconds: scoring.seconds, isRecorded: true };
}

/** Every setting in turns with uniform, each built on the best of those before it. */
async function measureAll(experiment: Experiment, options: PlanOptions, { stored, online }: Losses, host: Host) {
  const model = await loadModel(options.model, experiment.data, options.seed);
  const bench: Bench = { experiment, model, options, seed: options.seed, host };
  const { uniform: unit, exact } = basicSettings(options);
  const stages = planStages(options);
  const began = performance.now();
  const uniform = await openSetting(bench, unit, stored);
  const opening = (performance.now() - began) / 1000;
  const measured: Measurement[] = [];
  const leftOut: LeftOut[] = [];
  try {
    const expected = 1 + stages.flatMap((stage) => stage(exact)).length + Number(online !== null);
    const { turns, seconds } = await turnsFor(uniform, bench, expected, opening);
    host.say(`Measuring ${expected} settings in turns with uniform: about ${seconds} s`);
    host.progress.start('measuring', expected * turns);

    const measure = async (setting: PlanSetting, losses: () => Promise<RunLosses>) => {
      const done = (measured.length + leftOut.length) * turns;
      host.progress.update(done, setting.name);
      try {
        const opened = await openSetting(bench, setting, await losses());
        try {
          const taken = await inTurns(opened, uniform, turns, (turn) =>
            host.progress.update(done + turn, setting.name),
          );
          const perEpoch = perEpochOf(experiment, options);
          const agreement = await agreementOf(opened, { setting, turns: taken }, measured, perEpoch);
          measured.push({ setting, turns: taken, agreement });
        } finally {
          await opened.close();
        }
      } catch (error) {
        const isRefused = error instanceof RhoError && !['interrupted', 'failure', 'diverged'].includes(error.kind);
        if (setting === exact || !isRefused) throw error;
        leftOut.push({ setting, reason: error.message });
      }
    };
    await measure(exact, async () => stored);
    for (const stage of stages)
      for (const setting of stage(bestOf(measured).setting)) await measure(setting, async () => stored);
    if (online !== null) {
      const setting = onlineSetting(bestOf(measured).setting);
      await measure(setting, () => online({ ...options, ...exactScoring, ...setting.options }));
    }
    host.progress.update(expected * turns, '');
    host.progress.finish();
  } finally {
    await uniform.close();
  }
  return { measured, leftOut };
}

/** A setting and uniform, one after the other. */
async function inTurns(opened: OpenSetting, uniform: OpenSetting, turns: number, onTurn: (turn: number) => void) {
  const taken: { readonly uniform: number; readonly seconds: number }[] = [];
  await opened.turn(0, warmUp);
  for (let turn = 1; turn <= turns; turn++) {
    const unit = await uniform.turn(turnSeconds.uniform, 1);
    taken.push({ uniform: unit, seconds: await opened.turn(turnSeconds.setting, 1) });
    onTurn(turn);
  }
  return taken;
}

/** How far a setting agrees with exact scores; null where that is no matter, or where it takes too long to tell. */
async function agreementOf(
  opened: OpenSetting,
  { setting, turns }: Omit<Measurement, 'agreement'>,
  before: readonly Measurement[],
  perEpoch: number,
) {
  const { kind } = setting;
  if (kind === 'exact' || kind === 'online' || !isCheaper({ turns }, bestOf(before))) return null;
  // Other threads give the same scores.
  const alike = before.find((each) => each.setting.kind === kind && each.agreement !== null);
  if (alike !== undefined && kind !== 'shortlist') return alike.agreement;
  if (kind !== 'reuse') return opened.agreement();
  // In the first pass all candidates are scored, about twice as many.
  return 2 * turns.at(-1)!.seconds * perEpoch > passBudget ? null : opened.agreementAfterPass();
}

/** How many turns each setting has, and about how many seconds all of them take, from a first impression of steps and scoring. */
async function turnsFor(uniform: OpenSetting, { experiment, options, seed }: Bench, settings: number, opening: number) {
  await uniform.turn(0, warmUp);
  const step = await uniform.turn(0, warmUp);
  const ids = makeOrder(experiment.split.target, options.bigBatch, seed).at(0);
  const score = await uniform.secondsToScore(ids);
  const both = Math.max(turnSeconds.uniform, step) + Math.max(turnSeconds.setting, step + score);
  const { least, most } = turnCount;
  const turns = Math.max(least, Math.min(most, Math.floor(turnBudget / (settings * both))));
  // First steps and those compared with exact scores take about eight more.
  return { turns, seconds: Math.ceil(settings * (opening + turns * both + 8 * (step + score))) };
}
