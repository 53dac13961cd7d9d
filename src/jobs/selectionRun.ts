import { RhoError } from '../core/errors.ts';
import { makeOrder } from '../core/order.ts';
import { type StrategyName, strategyOf } from '../core/selection.ts';
import type { DeviceOptions } from '../engine/engine.ts';
import { openTrainer } from '../engine/ort/open.ts';
import { type Checkpoint, readNewestCheckpoint, writeCheckpoint } from '../loop/checkpoint.ts';
import { openEventLog, readEvents } from '../loop/eventLog.ts';
import type { StepEvent, TrainEvent } from '../loop/events.ts';
import type { IrreducibleLosses } from '../loop/irreducible.ts';
import { train } from '../loop/train.ts';
import { replaceWeights } from '../onnx/model.ts';
import { exists, joinPath, makeFolder, writeFileAtomic } from '../runtime/files.ts';
import type { Experiment } from './experiment.ts';
import type { Host } from './host.ts';
import { feedFrom, loadModel } from './model.ts';

/** How a target is trained, as on the command line. */
export interface TrainingOptions extends DeviceOptions {
  readonly model: string;
  readonly bigBatch: number;
  readonly smallBatch: number;
  /** Training steps; null where `epochs` says how long. */
  readonly steps: number | null;
  /** Passes over the candidates. */
  readonly epochs: number | null;
  readonly lr: number;
  readonly weightDecay: number;
  readonly evalEvery: number;
  /** Seconds between checkpoints. */
  readonly checkpointEvery: number;
}

/** One run: which strategy, from which seed, with which irreducible losses, into which folder. */
export interface SelectionRun {
  readonly strategy: StrategyName;
  readonly seed: number;
  readonly irreducible: IrreducibleLosses | null;
  readonly folder: string;
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
  if (await exists(targetPath)) return readEvents(eventsPath);

  const { data, test, split } = experiment;
  const strategy = strategyOf(run.strategy);
  const order = makeOrder(split.target, options.bigBatch, run.seed);
  const steps = options.steps ?? Math.round(options.epochs! * order.perEpoch);
  const checkpoints = joinPath(run.folder, 'checkpoints');
  const model = await loadModel(options.model, data, run.seed);
  await makeFolder(run.folder);
  const checkpoint = await readNewestCheckpoint(checkpoints);
  const log = await openEventLog(eventsPath, checkpoint?.eventBytes ?? 0);
  const trainer = await openTrainer(model.graph, {
    ...feedFrom(data, model.name),
    device: options.device,
    threads: options.threads,
    outputs: strategy.needsGradientNorm ? ['loss', 'predicted', 'gradientNorm'] : ['loss', 'predicted'],
    smallBatch: options.smallBatch,
    seed: run.seed,
    optimizer: { weightDecay: options.weightDecay },
    ...(checkpoint && { state: checkpoint.state }),
  }).catch(async (error) => {
    await log.close();
    throw error;
  });
  try {
    if (checkpoint === undefined)
      await log.append({
        type: 'start',
        version: 1,
        strategy: run.strategy,
        seed: run.seed,
        dataSeed: experiment.options.dataSeed,
      });
    const save = async (seconds: number) =>
      writeCheckpoint(checkpoints, { state: await trainer.state(), seconds, eventBytes: await log.sync() });
    let savedAt = performance.now();
    host.progress.start(run.folder.split(/[\\/]/).at(-1)!, steps, checkpoint?.state.step ?? 0);
    let accuracy = '';
    await train({
      trainer,
      data,
      order,
      strategy,
      irreducible: run.irreducible,
      smallBatch: options.smallBatch,
      learningRate: options.lr,
      steps,
      test,
      evalEvery: options.evalEvery,
      from: await standing(checkpoint, eventsPath),
      async emit(event) {
        await log.append(event);
        if (event.type === 'evaluation') accuracy = `accuracy ${event.accuracy.toFixed(3)}`;
      },
      async afterStep(step, seconds) {
        host.progress.update(step, accuracy);
        if (host.signal.aborted && step < steps) {
          await save(seconds);
          throw new RhoError('interrupted', `Interrupted after step ${step} of ${steps}: go on with --resume`);
        }
        if (performance.now() - savedAt >= options.checkpointEvery * 1000) {
          await save(seconds);
          savedAt = performance.now();
        }
      },
    });
    host.progress.finish(accuracy);
    await log.sync();
    await writeFileAtomic(targetPath, replaceWeights(model.bytes, model.name, await trainer.weights()));
  } finally {
    await trainer.close();
    await log.close();
  }
  return readEvents(eventsPath);
}

/** Where a run stands: the steps behind its last evaluation count for the next one. */
async function standing(checkpoint: Checkpoint | undefined, eventsPath: string) {
  if (checkpoint === undefined) return { step: 0, seconds: 0, recent: [] };
  const events = await readEvents(eventsPath);
  const last = events.findLastIndex((event) => event.type === 'evaluation');
  const recent = events.slice(last + 1).filter((event): event is StepEvent => event.type === 'step');
  return { step: checkpoint.state.step, seconds: checkpoint.seconds, recent };
}
