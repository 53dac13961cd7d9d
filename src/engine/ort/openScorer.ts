import type { Batch } from '../../core/batch.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Graph } from '../../onnx/graph.ts';
import { logitsTypeOf, scoredPart } from '../../onnx/scoreGraph.ts';
import type { Patience, Thread } from '../../runtime/thread.ts';
import type { DeviceOptions, RefreshedScorer, Scorer } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import { prepareRefreshed, type RefreshedOptions } from './refreshedModel.ts';
import { prepareScoring, type ScorerOptions } from './scoringModel.ts';
import type { ScoringModel } from './scoringWork.ts';
import type { Sharing } from './session.ts';
import { startWorker } from './startWorker.ts';

export type { RefreshedOptions, ScorerOptions };

/**
 * Opens a model with its own weights for scoring, in a thread of its own. Throws a usage error for int8 off the CPU, and a data
 * error for a model without a product that gains from it.
 */
export async function openScorer(model: Graph, options: ScorerOptions): Promise<Scorer> {
  requireKnown(model, options);
  const { beside = false } = options;
  const thread = startWorker('scorer', beside ? trainingPatience : undefined);
  const load = async () => {
    const scoring = await prepareScoring(thread, model, options);
    await loadScorer(thread, scoring, deviceOf(options), { spins: !beside });
  };
  await opened(thread, load());
  return scorerOn(thread);
}

/** Whatever is said against a model without running it is said before a thread is started. */
export function requireKnown(model: Graph, options: ScorerOptions): void {
  logitsTypeOf(scoredPart(model, options), options);
}

/** Has a thread load a score graph. */
export function loadScorer(
  thread: Thread<WorkerCalls>,
  model: ScoringModel,
  device: DeviceOptions,
  sharing: Sharing,
): Promise<void> {
  return thread.call('openScorer', { model, device, sharing });
}

/**
 * Opens a model for scoring in a thread of its own; the initialisers `refreshed` have to be set before it scores. With the block
 * and the threads of a trainer it gives in fp32 the bits of that trainer's own scoring, unless its session is built anew. Throws a
 * usage error for int8 off the CPU, and a data error for a model without a product that gains from it.
 */
export async function openRefreshedScorer(
  model: Graph,
  options: RefreshedOptions,
  refreshed: ReadonlySet<string>,
): Promise<RefreshedScorer> {
  const thread = startWorker('scorer', trainingPatience);
  const load = async () => {
    const prepared = await prepareRefreshed(thread, model, options, refreshed);
    // It stands beside the session of a trainer.
    await thread.call('openRefreshed', { model: prepared, device: deviceOf(options), sharing: { spins: false } });
  };
  await opened(thread, load());
  return {
    ...scorerOn(thread),
    setWeights: (weights) => thread.call('setWeights', weights, buffersIn(Object.values(weights))),
  };
}

/** For trainers and what scores beside them: training waits for both, so one that is dead must not pass for a slow one for long. */
export const trainingPatience: Patience = { first: 900, later: 10 };

/** A scorer on a thread that has its model. */
export function scorerOn(thread: Thread<WorkerCalls>): Scorer {
  return {
    score: (batch) => thread.call('score', batch, buffersOf(batch)),
    close: () => thread.stop('release'),
  };
}

/** Waits until a thread has its model; one that cannot have it is ended. */
export async function opened<T>(thread: { stop(): Promise<void> }, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    await thread.stop();
    throw error;
  }
}

export function deviceOf({ device, threads }: DeviceOptions): DeviceOptions {
  return { device, threads };
}

/** The buffers that hold a batch, to be moved with it. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  return buffersIn([...batch.inputs, { data: batch.labels }]);
}

function buffersIn(tensors: readonly Pick<Tensor, 'data'>[]): ArrayBuffer[] {
  const buffers = tensors.map(({ data }) => data.buffer).filter((buffer) => buffer instanceof ArrayBuffer);
  return [...new Set(buffers)];
}
