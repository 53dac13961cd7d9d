import { RhoError } from '../core/errors.ts';
import { makeOrder } from '../core/order.ts';
import { type IrreducibleLosses, storedLosses } from '../loop/irreducible.ts';
import { ThreadFailure } from '../runtime/thread.ts';
import { type CostPlan, type IlMeasurement, type LeftOut, type Measurement, planCosts } from './costPlan.ts';
import { exactScoring } from './exactScoring.ts';
import { type DataOptions, type Experiment, openExperiment } from './experiment.ts';
import type { Host } from './host.ts';
import type { IlOptions } from './il.ts';
import { openIrreducible } from './irreducibleSource.ts';
import { measureIlScoring, measureIlTraining } from './measureIl.ts';
import { type Bench, leastSteps, type Measured, measureSetting, warmUp } from './measureSetting.ts';
import { loadModel } from './model.ts';
import { type PlannedOptions, type PlanSetting, planSettings } from './planSettings.ts';
import { checkTarget, type TrainingOptions } from './selectionRun.ts';
import { openTargetTrainer } from './targetTrainer.ts';
import { onlineDevice } from './threadBudget.ts';

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

/** Every setting runs so often, in turns, so that a drifting machine shows. */
const rounds = 2;
/** Seconds that a setting's steps count for, in a round. */
const roundSeconds = 0.5;

/** Measures what steps cost here in several settings, and plans by that. Writes nothing. */
export async function planRun(options: PlanOptions, host: Host): Promise<PlanResult> {
  const experiment = await openExperiment(options);
  await checkTarget(experiment, options);
  const began = performance.now();
  try {
    const measured = await measureAll(experiment, options, host);
    const plan = planCosts(measured);
    const { model, bigBatch, smallBatch, engine, device, threads } = options;
    return {
      ...{ data: experiment.data.name, model, bigBatch, smallBatch, threads, irreducible: measured.irreducible },
      ...plan,
      measuring: (performance.now() - began) / 1000,
      config: { model, bigBatch, smallBatch, engine, device, ...plan.recommended.options },
    };
  } catch (error) {
    if (!(error instanceof ThreadFailure)) throw error;
    throw new RhoError('failure', `Measuring stopped: ${error.message}; ${host.afterInterrupt}`);
  }
}

async function measureAll(experiment: Experiment, options: PlanOptions, host: Host) {
  const { data, split } = experiment;
  const path = options.irreducible;
  const open = (threads: number, say: Host['say'] = () => undefined) =>
    openIrreducible(path!, experiment, { device: options.device, threads }, say);
  const given = path === null ? null : await open(options.threads, host.say);
  try {
    const online = given?.online ?? false;
    const model = await loadModel(options.model, data, options.seed);
    const stored = given === null || online ? storedLosses(new Float32Array(data.length)) : shared(given);
    const openLosses = (setting: PlanSetting) =>
      setting.kind === 'online'
        ? open(onlineDevice({ ...options, ...exactScoring, ...setting.options }).threads)
        : Promise.resolve(stored);
    const base = { experiment, model, options, seed: options.seed, host, seconds: roundSeconds };
    const probed = await probe({ ...base, openIrreducible: openLosses, knownSteps: 0 });
    const stepSeconds = probed.step + probed.score;
    const counted = Math.max(leastSteps, Math.ceil(roundSeconds / (probed.step + probed.score / 2)));
    const bench: Bench = { ...base, openIrreducible: openLosses, knownSteps: warmUp + counted };

    const settings = planSettings({ ...options, online });
    const each = probed.opening + warmUp * stepSeconds + Math.max(roundSeconds, leastSteps * stepSeconds);
    host.say(
      `Measuring ${settings.length} settings in ${rounds} rounds: about ${Math.ceil(settings.length * rounds * each)} s`,
    );
    const { measured, leftOut } = await inRounds(bench, settings);
    const il = await measureIl(experiment, options, online ? given : null, host);
    const steps = options.steps ?? Math.max(1, Math.round(options.epochs! * perEpoch(experiment, options)));
    const irreducible = given === null || online ? ('zeros' as const) : ('store' as const);
    return { measured, leftOut, steps, target: split.target.length, il, irreducible };
  } finally {
    await given?.close();
  }
}

/** Losses that many settings take in turn. */
function shared(losses: IrreducibleLosses): IrreducibleLosses {
  return { ...losses, close: async () => undefined };
}

function perEpoch({ split }: Experiment, { bigBatch, seed }: PlanOptions): number {
  return makeOrder(split.target, bigBatch, seed).perEpoch;
}

/** A first impression: seconds to open a trainer, to train on a small batch and to score a big one. */
async function probe({ experiment, model, options, seed }: Bench) {
  const { data, split } = experiment;
  const began = performance.now();
  const start = { strategy: 'rho', seed, threads: options.threads, state: null } as const;
  const trainer = await openTargetTrainer(model, data, start, options);
  try {
    const opening = (performance.now() - began) / 1000;
    const ids = makeOrder(split.target, options.bigBatch, seed).at(0);
    const small = ids.subarray(0, options.smallBatch);
    const second = async (once: () => Promise<unknown>) => {
      await once();
      const from = performance.now();
      await once();
      return (performance.now() - from) / 1000;
    };
    const step = await second(async () => trainer.step(await data.gather(small), options.lr));
    const score = await second(async () => trainer.score(await data.gather(ids)));
    return { opening, step, score };
  } finally {
    await trainer.close();
  }
}

/** All settings in turn, and again; one that cannot run here is left out, save those that everything is compared with. */
async function inRounds(
  bench: Bench,
  settings: readonly PlanSetting[],
): Promise<{ readonly measured: readonly Measurement[]; readonly leftOut: readonly LeftOut[] }> {
  const { progress } = bench.host;
  const results = new Map<PlanSetting, Measured[]>(settings.map((setting) => [setting, []]));
  const leftOut: LeftOut[] = [];
  let done = 0;
  progress.start('measuring', settings.length * rounds);
  for (let round = 1; round <= rounds; round++)
    for (const setting of settings) {
      progress.update(done++, setting.name);
      if (leftOut.some((each) => each.setting === setting)) continue;
      // Of losses that untrained weights left behind, agreement would say nothing.
      const compares = round === rounds && setting.kind !== 'reuse';
      try {
        results.get(setting)!.push(await measureSetting(bench, setting, compares));
      } catch (error) {
        const isBasic = setting.kind === 'uniform' || setting.kind === 'exact';
        const isRefused = error instanceof RhoError && !['interrupted', 'failure', 'diverged'].includes(error.kind);
        if (isBasic || !isRefused) throw error;
        leftOut.push({ setting, reason: error.message });
      }
    }
  progress.update(done, '');
  progress.finish();
  const ran = [...results].filter(([setting]) => leftOut.every((each) => each.setting !== setting));
  const measured = ran.map(([setting, found]) => ({
    setting,
    seconds: found.map(({ seconds }) => seconds),
    steps: found.reduce((sum, { steps }) => sum + steps, 0),
    agreement: found.at(-1)!.agreement,
  }));
  return { measured, leftOut };
}

/** Nothing where irreducible losses are there already, or no IL model can be trained. */
async function measureIl(
  experiment: Experiment,
  options: PlanOptions,
  given: IrreducibleLosses | null,
  host: Host,
): Promise<IlMeasurement | null> {
  const { irreducible: path, bigBatch } = options;
  if (given !== null) return measureIlScoring(experiment, path!, given, bigBatch, roundSeconds, host);
  return path === null ? measureIlTraining(experiment, options, bigBatch, roundSeconds, host) : null;
}
