import { dataError, RhoError } from '../core/errors.ts';
import { makeOrder } from '../core/order.ts';
import { rateAt } from '../core/schedule.ts';
import { type StrategyName, strategyOf } from '../core/selection.ts';
import { sha256 } from '../data/hash.ts';
import type { DeviceOptions, Lowering, RefreshedScorer, Trainer } from '../engine/engine.ts';
import type { EngineOptions } from '../engine/open.ts';
import { type Checkpoint, readNewestCheckpoint, writeCheckpoint } from '../loop/checkpoint.ts';
import { openEventLog, readEvents } from '../loop/eventLog.ts';
import type { RecordedScoring, StartEvent, StepEvent, TrainEvent } from '../loop/events.ts';
import { type Standing, train } from '../loop/train.ts';
import { replaceWeights } from '../onnx/model.ts';
import { trainStep } from '../onnx/trainStep.ts';
import { exists, joinPath, makeFolder, writeFileAtomic } from '../runtime/files.ts';
import { availableThreads } from '../runtime/host.ts';
import { ThreadFailure } from '../runtime/thread.ts';
import { exactScoring } from './exactScoring.ts';
import { type Experiment, requireBatch } from './experiment.ts';
import { checkInterrupted, type Host } from './host.ts';
import type { RunLosses } from './irreducibleSource.ts';
import { feedFrom, loadModel, type ModelFile } from './model.ts';
import {
  augmenterFor,
  type OptimizationOptions,
  optimizerFrom,
  type ScheduleOptions,
  stepsOf,
} from './optimization.ts';
import { type CandidateScoringOptions, loopScoring, openCandidateScorer } from './scoringForm.ts';
import { openTargetTrainer } from './targetTrainer.ts';
import { threadBudget } from './threadBudget.ts';
import type { AveragesName } from './trainingNames.ts';

export { type AveragesName, averagesNames } from './trainingNames.ts';

/** How a target is trained, as on the command line. */
export interface TrainingOptions
  extends DeviceOptions,
    EngineOptions,
    OptimizationOptions,
    ScheduleOptions,
    CandidateScoringOptions {
  readonly model: string;
  readonly bigBatch: number;
  readonly smallBatch: number;
  /** Training steps; null where `epochs` says how long. */
  readonly steps: number | null;
  /** Passes over the candidates. */
  readonly epochs: number | null;
  readonly evalEvery: number;
  /** Seconds between checkpoints. */
  readonly checkpointEvery: number;
  /** What moves the running averages of batch normalisation. */
  readonly batchNorm: AveragesName;
  /** How convolutions are written. */
  readonly lowering: Lowering;
  /** Weights that are left as they are, by names in which * stands for any text. */
  readonly freeze: readonly string[];
}

/** One run: which strategy, from which seed, with which irreducible losses, into which folder. */
export interface SelectionRun {
  readonly strategy: StrategyName;
  readonly seed: number;
  readonly irreducible: RunLosses | null;
  readonly folder: string;
}

/** Throws where no target can be trained on these data: too few candidates, or a model that does not fit. Takes no time. */
export async function checkTarget(experiment: Experiment, options: TrainingOptions): Promise<void> {
  requireBatch(experiment, 'target', options.bigBatch, '--big-batch');
  const model = await loadModel(options.model, experiment.data, 0);
  augmenterFor(options, experiment.data, 0);
  const { smallBatch, freeze } = options;
  const feed = feedFrom(experiment.data, model.name);
  trainStep(model.graph, { ...feed, smallBatch, freeze, optimizer: optimizerFrom(options) });
}

/**
 * Trains one target and leaves `events.jsonl`, checkpoints and `target.onnx` in the folder of the run. A folder where a run
 * was interrupted is gone on with from its newest checkpoint, and gives the same events and weights; a finished one is only
 * read.
 */
export async function runSelection(
  experiment: Experiment,
  run: SelectionRun,
  options: TrainingOptions,
  host: Host,
): Promise<readonly TrainEvent[]> {
  const eventsPath = joinPath(run.folder, 'events.jsonl');
  const targetPath = joinPath(run.folder, 'target.onnx');
  const model = await loadModel(options.model, experiment.data, run.seed);
  const start = await startOf(experiment, run, model);
  if (await exists(eventsPath)) requireSameStart(run.folder, start, await readEvents(eventsPath));
  if (await exists(targetPath)) return readEvents(eventsPath);

  requireBatch(experiment, 'target', options.bigBatch, '--big-batch');
  const checkpoint = await readNewestCheckpoint(checkpointsOf(run));
  const scoring = { ...exactScoring, ...options };
  const threads = threadBudget(scoring, run.strategy, run.irreducible?.share ?? null);
  const { strategy, seed } = run;
  const began = { strategy, seed, threads: threads.training, state: checkpoint?.state ?? null };
  const trainer = await openTargetTrainer(model, experiment.data, began, scoring);
  let scorer: RefreshedScorer | null = null;
  try {
    scorer = await openCandidateScorer(model, experiment.data, run.strategy, trainer, scoring, threads.scoring);
    await host.begin();
    await makeFolder(run.folder);
    const described = {
      ...start,
      block: trainer.block,
      threads: threads.training,
      scoreThreads: threads.scoring,
      onlineThreads: threads.online,
      scoring: recordedScoring(scoring, trainer),
      bigBatch: options.bigBatch,
      smallBatch: options.smallBatch,
      cores: availableThreads(),
    };
    await trainLogged(experiment, run, scoring, host, { trainer, scorer }, checkpoint, described);
    await writeFileAtomic(targetPath, replaceWeights(model.bytes, model.name, await trainer.weights()));
  } catch (error) {
    if (!(error instanceof ThreadFailure)) throw error;
    throw new RhoError('failure', `Training stopped: ${error.message}; ${host.afterInterrupt()}`);
  } finally {
    await scorer?.close();
    await trainer.close();
  }
  return readEvents(eventsPath);
}

function recordedScoring(
  { scoring: form, staleness, refresh, shortlist, reuse, reuseEpochs }: CandidateScoringOptions,
  { selectAndStep }: Trainer,
): RecordedScoring {
  const reused = reuse === null ? null : { count: reuse, epochs: reuseEpochs };
  return { form, staleness, refresh, shortlist, reuse: reused, inOneGraph: selectAndStep !== undefined };
}

/** Trains to the last step, each event written at once and a checkpoint now and then. */
async function trainLogged(
  { data, test, split }: Experiment,
  run: SelectionRun,
  options: TrainingOptions,
  host: Host,
  { trainer, scorer }: { readonly trainer: Trainer; readonly scorer: RefreshedScorer | null },
  checkpoint: Checkpoint | undefined,
  start: StartEvent,
): Promise<void> {
  const order = makeOrder(split.target, options.bigBatch, run.seed);
  const steps = stepsOf(options, order.perEpoch);
  const eventsPath = joinPath(run.folder, 'events.jsonl');
  const log = await openEventLog(eventsPath, checkpoint?.eventBytes ?? 0);
  try {
    const tell = async (event: TrainEvent) => {
      await log.append(event);
      host.onEvent?.(event, run.folder);
    };
    if (checkpoint === undefined) await tell(start);
    let savedAt = performance.now();
    const save = async ({ seconds, ahead, known }: Omit<Standing, 'step'>) => {
      const state = await trainer.state();
      await writeCheckpoint(checkpointsOf(run), { state, seconds, ahead, known, eventBytes: await log.sync() });
      savedAt = performance.now();
    };
    // Where scoring fails with the weights of the step before, a run can only go on from its last checkpoint.
    if (checkpoint === undefined && scorer !== null) await save({ seconds: 0, ahead: new Map(), known: null });
    host.progress.start(run.folder.split(/[\\/]/).at(-1)!, steps, checkpoint?.state.step ?? 0);
    let accuracy = '';
    const isInterrupted = (step: number) => host.signal.aborted && step < steps;
    await train({
      trainer,
      data,
      order,
      strategy: strategyOf(run.strategy),
      irreducible: run.irreducible,
      ...loopScoring(options, scorer, order.perEpoch),
      smallBatch: options.smallBatch,
      learningRate: (step) => options.lr * rateAt({ decay: options.schedule, warmup: options.warmup, steps }, step),
      augment: augmenterFor(options, data, run.seed),
      steps,
      test,
      evalEvery: options.evalEvery,
      from: await standing(checkpoint, eventsPath),
      async emit(event) {
        await tell(event);
        if (event.type === 'evaluation') accuracy = `accuracy ${event.accuracy.toFixed(3)}`;
        else host.progress.update(event.step, accuracy);
      },
      pausesAfter: (step) => isInterrupted(step) || performance.now() - savedAt >= options.checkpointEvery * 1000,
      async onPause(standing) {
        await save(standing);
        if (isInterrupted(standing.step)) checkInterrupted(host, `after step ${standing.step} of ${steps}`);
      },
    });
    host.progress.finish(accuracy);
    await log.sync();
  } finally {
    await log.close();
  }
}

/** The first line of a run's events: what it is made from. */
async function startOf(
  experiment: Experiment,
  { strategy, seed }: SelectionRun,
  model: ModelFile,
): Promise<StartEvent> {
  const { fingerprint, testFingerprint, options } = experiment;
  const made = { data: fingerprint, test: testFingerprint, model: await sha256(model.bytes) };
  return { type: 'start', version: 1, strategy, seed, dataSeed: options.dataSeed, ...made };
}

/** Throws a data error where a run was begun with other data or another model than it would go on with. */
function requireSameStart(folder: string, now: StartEvent, events: readonly TrainEvent[]): void {
  const begun = events.find((event) => event.type === 'start');
  if (begun === undefined) return;
  for (const [key, what] of [
    ['data', 'training data'],
    ['test', 'test data'],
    ['model', 'model'],
  ] as const)
    if (begun[key] !== now[key])
      throw dataError(
        `Cannot go on with "${folder}": it was begun with the ${what} ${begun[key].slice(0, 8)}, this is ${now[key].slice(0, 8)}; put the old files back, or begin a new run`,
      );
}

function checkpointsOf(run: SelectionRun): string {
  return joinPath(run.folder, 'checkpoints');
}

/** Where a run stands: the steps behind its last evaluation count for the next one. */
async function standing(checkpoint: Checkpoint | undefined, eventsPath: string) {
  if (checkpoint === undefined) return { step: 0, seconds: 0, recent: [], ahead: new Map(), known: null };
  const events = await readEvents(eventsPath);
  const last = events.findLastIndex((event) => event.type === 'evaluation');
  const recent = events.slice(last + 1).filter((event): event is StepEvent => event.type === 'step');
  const { state, seconds, ahead, known } = checkpoint;
  return { step: state.step, seconds, recent, ahead, known };
}
