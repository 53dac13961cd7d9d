import { makeOrder } from '../core/order.ts';
import type { RankAgreement } from '../core/rankAgreement.ts';
import { type Strategy, strategyOf } from '../core/selection.ts';
import { mean } from '../core/statistics.ts';
import type { Dataset } from '../data/dataset.ts';
import type { RefreshedScorer, Trainer } from '../engine/engine.ts';
import type { StepEvent } from '../loop/events.ts';
import type { IrreducibleLosses } from '../loop/irreducible.ts';
import { type KnownState, nothingKnown } from '../loop/knownLosses.ts';
import { type Standing, type TrainOptions, train } from '../loop/train.ts';
import { checkScoring } from './checkScoring.ts';
import { exactScoring } from './exactScoring.ts';
import type { Experiment } from './experiment.ts';
import { checkInterrupted, type Host } from './host.ts';
import type { ModelFile } from './model.ts';
import { augmenterFor } from './optimization.ts';
import type { PlanSetting } from './planSettings.ts';
import { loopScoring, openCandidateScorer } from './scoringForm.ts';
import type { TrainingOptions } from './selectionRun.ts';
import { openTargetTrainer } from './targetTrainer.ts';
import { threadBudget } from './threadBudget.ts';

/** Steps before those that count: the first ones allocate, and fill what runs ahead. */
export const warmUp = 2;
/** Steps that count, at least. */
export const leastSteps = 4;
/** Big batches that rank agreement is a mean over. */
const comparisons = 3;
/** Test examples of an evaluation that nothing is read from. */
const testExamples = 32;

/** What every setting is measured on. */
export interface Bench {
  readonly experiment: Experiment;
  readonly model: ModelFile;
  readonly options: TrainingOptions;
  readonly seed: number;
  readonly host: Host;
  /** Irreducible losses as a setting has them; closed after it. */
  readonly openIrreducible: (setting: PlanSetting) => Promise<IrreducibleLosses>;
  /** Seconds of steps that count. */
  readonly seconds: number;
  /** Steps that earlier losses are made for, and after which a setting that reuses them ends. */
  readonly knownSteps: number;
}

/** What a setting did in a round. */
export interface Measured {
  /** Of a step, mean. */
  readonly seconds: number;
  /** Steps that counted. */
  readonly steps: number;
  /** Null where it was not asked for, or scores are exact. */
  readonly agreement: RankAgreement | null;
}

/**
 * Trains with a setting for a while, by the loop that a run trains with, from the first step; then compares with exact scores where
 * that is asked for. Throws what a run with these options would.
 */
export async function measureSetting(bench: Bench, setting: PlanSetting, compares: boolean): Promise<Measured> {
  const { experiment, model, seed } = bench;
  const options: TrainingOptions = { ...bench.options, ...exactScoring, ...setting.options };
  checkScoring(options, ['rho'], setting.kind === 'online');
  const strategy = setting.kind === 'uniform' ? 'uniform' : 'rho';
  const irreducible = await bench.openIrreducible(setting);
  const closing: { close(): Promise<void> }[] = [irreducible];
  try {
    const threads = threadBudget(options, strategy, irreducible.online);
    const start = { strategy, seed, threads: threads.training, state: null } as const;
    const trainer = await openTargetTrainer(model, experiment.data, start, options);
    closing.unshift(trainer);
    const scorer = await openCandidateScorer(model, experiment.data, strategy, trainer, options, threads.scoring);
    if (scorer !== null) closing.unshift(scorer);
    return await runFor({ bench, options, strategy: strategyOf(strategy), irreducible, trainer, scorer }, compares);
  } finally {
    for (const each of closing) await each.close();
  }
}

/** A setting that is open. */
interface Opened {
  readonly bench: Bench;
  readonly options: TrainingOptions;
  readonly strategy: Strategy;
  readonly irreducible: IrreducibleLosses;
  readonly trainer: Trainer;
  readonly scorer: RefreshedScorer | null;
}

async function runFor(opened: Opened, compares: boolean): Promise<Measured> {
  const { bench, options, trainer } = opened;
  const { data, split } = bench.experiment;
  const order = makeOrder(split.target, options.bigBatch, bench.seed);
  // A step or two are under way when enough is measured, and those compared follow.
  const batches = Array.from({ length: bench.knownSteps + 2 + comparisons + 1 }, (_, step) => order.at(step));
  const known = options.reuse === null ? null : await lossesNow(trainer, data, batches);
  const ended: number[] = [];
  const isEnough = () =>
    ended.length >= warmUp + leastSteps &&
    (ended.at(-1)! - ended[warmUp - 1]! >= bench.seconds || (known !== null && ended.length >= bench.knownSteps));
  const standing = await trainUntil(opened, {
    from: { step: 0, seconds: 0, ahead: new Map(), known, recent: [] },
    isEnough,
    onStep: ({ seconds }) => void ended.push(seconds),
  });
  const steps = ended.length - warmUp;
  return {
    seconds: (ended.at(-1)! - ended[warmUp - 1]!) / steps,
    steps,
    agreement: compares ? await agreementFrom(opened, standing) : null,
  };
}

/** Losses under the weights of now, as a pass before would have left them. */
async function lossesNow(trainer: Trainer, data: Dataset, batches: readonly Uint32Array[]): Promise<KnownState> {
  const known = nothingKnown(data.length);
  for (const ids of batches) {
    const { loss, predicted } = await trainer.score(await data.gather(ids));
    ids.forEach((id, position) => {
      known.loss[id] = loss[position]!;
      known.predicted[id] = predicted[position]!;
    });
  }
  return known;
}

/** Goes on for some steps that do not count, each of which is evaluated. */
async function agreementFrom(opened: Opened, standing: Standing): Promise<RankAgreement | null> {
  const found: RankAgreement[] = [];
  const steps = standing.step + comparisons + 1;
  await train({
    ...trainOptions(opened),
    steps,
    evalEvery: 1,
    from: { ...standing, recent: [] },
    async emit(event) {
      if (event.type === 'evaluation' && event.agreement) found.push(event.agreement);
    },
  });
  if (found.length === 0) return null;
  return {
    spearman: mean(found.map(({ spearman }) => spearman)),
    topTenthOverlap: mean(found.map(({ topTenthOverlap }) => topTenthOverlap)),
  };
}

/** Trains until there is enough, and tells where that was. */
async function trainUntil(
  opened: Opened,
  {
    from,
    isEnough,
    onStep,
  }: Pick<TrainOptions, 'from'> & { readonly isEnough: () => boolean; readonly onStep: (event: StepEvent) => void },
): Promise<Standing> {
  const { signal } = opened.bench.host;
  const enough = new Error('Enough was measured');
  let standing: Standing | null = null;
  const training = train({
    ...trainOptions(opened),
    steps: Number.MAX_SAFE_INTEGER,
    evalEvery: Number.MAX_SAFE_INTEGER,
    from,
    async emit(event) {
      if (event.type === 'step') onStep(event);
    },
    pausesAfter: () => signal.aborted || isEnough(),
    async onPause(at) {
      checkInterrupted(opened.bench.host, 'while it was measured');
      // It is called as well where scoring fails, which has an error of its own.
      if (!isEnough()) return;
      standing = at;
      throw enough;
    },
  });
  await training.catch((error: unknown) => {
    if (error !== enough) throw error;
  });
  return standing!;
}

function trainOptions({
  bench,
  options,
  strategy,
  irreducible,
  trainer,
  scorer,
}: Opened): Omit<TrainOptions, 'steps' | 'evalEvery' | 'from' | 'emit'> {
  const { data, split, test } = bench.experiment;
  const order = makeOrder(split.target, options.bigBatch, bench.seed);
  return {
    trainer,
    data,
    order,
    strategy,
    irreducible: strategy.needsIrreducibleLoss ? irreducible : null,
    ...loopScoring(options, scorer, order.perEpoch),
    smallBatch: options.smallBatch,
    // The rate changes nothing of the cost.
    learningRate: () => options.lr,
    augment: augmenterFor(options, data, bench.seed),
    test: { ...test, length: Math.min(test.length, testExamples) },
    pausesAfter: () => bench.host.signal.aborted,
    onPause: async () => checkInterrupted(bench.host, 'while it was measured'),
  };
}
