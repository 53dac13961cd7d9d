import type { Batch } from '../../core/batch.ts';
import type { Graph } from '../../onnx/graph.ts';
import { logitsTypeOf, scoredPart, scoreGraph } from '../../onnx/scoreGraph.ts';
import { siblingModule, startThread, type Thread } from '../../runtime/thread.ts';
import type { DeviceOptions, RefreshedScorer, Scorer } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import { freeScoringModel, prepareScoring, type ScorerOptions } from './scoringModel.ts';
import type { ScoringModel } from './scoringWork.ts';
import type { Sharing } from './session.ts';

export type { ScorerOptions };

/**
 * Opens a model with its own weights for scoring, in a thread of its own. Throws a usage error for int8 off the CPU, and a data
 * error for a model without a product that gains from it.
 */
export async function openScorer(model: Graph, options: ScorerOptions): Promise<Scorer> {
  requireKnown(model, options);
  const thread = startWorker('scorer');
  const load = async () => {
    const scoring = await prepareScoring(thread, model, options);
    await loadScorer(thread, scoring, deviceOf(options), { spins: true });
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

/** Opens a model for scoring in a thread of its own; the initialisers `refreshed` have to be set before it scores. */
export async function openRefreshedScorer(
  model: Graph,
  options: Omit<ScorerOptions, 'precision'>,
  refreshed: ReadonlySet<string>,
): Promise<RefreshedScorer> {
  const scoring = freeScoringModel(model, { ...options, weightsAsInputs: refreshed }, (how) => scoreGraph(model, how));
  const thread = startWorker('scorer');
  await opened(thread, loadScorer(thread, scoring, deviceOf(options), { spins: true }));
  return {
    ...scorerOn(thread),
    setWeights: (weights) =>
      thread.call(
        'setWeights',
        weights,
        Object.values(weights).map(({ data }) => data.buffer as ArrayBuffer),
      ),
  };
}

/** A thread that runs ONNX Runtime. */
export function startWorker(name: string): Thread<WorkerCalls> {
  return startThread<WorkerCalls>(siblingModule('worker', import.meta.url), name);
}

/** A scorer on a thread that has its model. */
export function scorerOn(thread: Thread<WorkerCalls>): Scorer {
  return {
    score: (batch) => thread.call('score', batch, buffersOf(batch)),
    async close() {
      await thread.call('release', null).catch(() => undefined);
      await thread.stop();
    },
  };
}

/** Waits until a thread has its model; one that cannot have it is ended. */
export async function opened<T>(thread: Pick<Thread<WorkerCalls>, 'stop'>, opening: Promise<T>): Promise<T> {
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
  const buffers = [...batch.inputs.map(({ data }) => data.buffer), batch.labels.buffer];
  return [...new Set(buffers.filter((buffer) => buffer instanceof ArrayBuffer))];
}
