import { makeOrder } from '../core/order.ts';
import type { RankAgreement } from '../core/rankAgreement.ts';
import { strategyOf } from '../core/selection.ts';
import { mean } from '../core/statistics.ts';
import { type KnownState, nothingKnown } from '../loop/knownLosses.ts';
import { type Standing, type TrainOptions, train } from '../loop/train.ts';
import { checkScoring } from './checkScoring.ts';
import { exactScoring } from './exactScoring.ts';
import type { Experiment } from './experiment.ts';
import { checkInterrupted, type Host } from './host.ts';
import type { RunLosses } from './irreducibleSource.ts';
import type { ModelFile } from './model.ts';
import { augmenterFor } from './optimization.ts';
import type { PlanSetting } from './planSettings.ts';
import { loopScoring, openCandidateScorer } from './scoringForm.ts';
import type { TrainingOptions } from './selectionRun.ts';
import { openTargetTrainer } from './targetTrainer.ts';
import { threadBudget } from './threadBudget.ts';
import { type Turns, trainInTurns } from './trainInTurns.ts';

/** Steps before those that count: the first ones allocate, and fill what runs ahead. */
export const warmUp = 2;
/** Big batches that rank agreement is a mean over. */
const comparisons = 2;
/** Test examples of an evaluation that nothing is read from. */
const testExamples = 32;

/** What every setting is measured on. */
export interface Bench {
  readonly experiment: Experiment;
  readonly model: ModelFile;
  readonly options: TrainingOptions;
  readonly seed: number;
  readonly host: Host;
}

/** A setting on its way. */
export interface OpenSetting extends Pick<Turns, 'turn'> {
  /** Ends the turns, and tells how far its scores agree with exact ones over some steps more; null where they are exact. */
  agreement(): Promise<RankAgreement | null>;
  /** The same after the pass over the data that losses are reused from. */
  agreementAfterPass(): Promise<RankAgreement | null>;
  /** Seconds to score examples exactly. */
  secondsToScore(ids: Uint32Array): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens a setting, to be trained in turns by the loop that a run trains with, from the first step. Closes `irreducible` with it. Throws
 * what a run with these options would.
 */
export async function openSetting(bench: Bench, setting: PlanSetting, irreducible: RunLosses): Promise<OpenSetting> {
  const closing: { close(): Promise<void> }[] = [irreducible];
  const close = async () => {
    for (const each of closing) await each.close();
  };
  try {
    const options: TrainingOptions = { ...bench.options, ...exactScoring, ...setting.options };
    checkScoring(options, ['rho'], irreducible.online);
    const { experiment, model, seed, host } = bench;
    const strategy = setting.kind === 'uniform' ? 'uniform' : 'rho';
    const threads = threadBudget(options, strategy, irreducible.share);
    const start = { strategy, seed, threads: threads.training, state: null } as const;
    const trainer = await openTargetTrainer(model, experiment.data, start, options);
    closing.unshift(trainer);
    const scorer = await openCandidateScorer(model, experiment.data, strategy, trainer, options, threads.scoring);
    if (scorer !== null) closing.unshift(scorer);

    const { data, split, test } = experiment;
    const order = makeOrder(split.target, options.bigBatch, seed);
    const needed = strategyOf(strategy).needsIrreducibleLoss;
    const common = {
      ...{ trainer, data, order, strategy: strategyOf(strategy), irreducible: needed ? irreducible : null },
      ...loopScoring(options, scorer, order.perEpoch),
      smallBatch: options.smallBatch,
      // The rate changes nothing of the cost.
      learningRate: () => options.lr,
      augment: augmenterFor(options, data, seed),
      test: { ...test, length: Math.min(test.length, testExamples) },
    };
    const from = (known: KnownState | null) =>
      trainInTurns({ ...common, from: { ...noStep, known: options.reuse === null ? null : known } }, host);
    const turns = from(allKnown(data.length));
    return {
      turn: turns.turn,
      agreement: async () => agreementFrom(common, await turns.stop(), host),
      async agreementAfterPass() {
        await turns.stop();
        const pass = from(nothingKnown(data.length));
        await pass.turn(0, order.perEpoch);
        return agreementFrom(common, await pass.stop(), host);
      },
      async secondsToScore(ids) {
        const once = async () => trainer.score(await data.gather(ids));
        await once();
        const began = performance.now();
        await once();
        return (performance.now() - began) / 1000;
      },
      async close() {
        await turns.stop().finally(close);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const noStep = { step: 0, seconds: 0, ahead: new Map(), recent: [] } as const;

/** As if every example had a loss that stays: as many are scored of a big batch as in any pass but the first. */
function allKnown(length: number): KnownState {
  const nothing = nothingKnown(length);
  return { ...nothing, loss: nothing.loss.fill(0), step: nothing.step.fill(2 ** 31 - 1) };
}

/** Goes on for some steps that do not count, each of which is evaluated. */
async function agreementFrom(
  common: Omit<TrainOptions, 'steps' | 'evalEvery' | 'from' | 'emit' | 'pausesAfter' | 'onPause'>,
  standing: Standing,
  host: Host,
): Promise<RankAgreement | null> {
  const found: RankAgreement[] = [];
  await train({
    ...common,
    steps: standing.step + comparisons + 1,
    evalEvery: 1,
    from: { ...standing, recent: [] },
    async emit(event) {
      if (event.type === 'evaluation' && event.agreement) found.push(event.agreement);
    },
    pausesAfter: () => host.signal.aborted,
    onPause: async () => checkInterrupted(host, 'while it was measured'),
  });
  if (found.length === 0) return null;
  return {
    spearman: mean(found.map(({ spearman }) => spearman)),
    topTenthOverlap: mean(found.map(({ topTenthOverlap }) => topTenthOverlap)),
  };
}
