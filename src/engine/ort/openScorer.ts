import type { Batch } from '../../core/batch.ts';
import type { Graph } from '../../onnx/graph.ts';
import { logitsTypeOf, scoredPart, scoreGraph } from '../../onnx/scoreGraph.ts';
import { type Patience, siblingModule, startThread, type Thread } from '../../runtime/thread.ts';
import type { DeviceOptions, RefreshedScorer, Scorer } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import { prepareScoring, type ScorerOptions, scoringModel } from './scoringModel.ts';
import type { ScoringModel } from './scoringWork.ts';
import type { Sharing } from './session.ts';

export type { ScorerOptions };

/**
 * Opens a model with its own weights for scoring, in a thread of its own. Throws a usage error for int8 off the CPU, and a data
 * error for a model without a product that gains from it.
 */
export async function openScorer(model: Graph, options: ScorerOptions): Promise<Scorer> {
  requireKnown(model, options);
  const { beside = false } = options;
  const thread = startWorker('scorer', beside ? besidePatience : undefined);
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

/** Opens a model for scoring in a thread of its own; the initialisers `refreshed` have to be set before it scores. */
export async function openRefreshedScorer(
  model: Graph,
  options: Omit<ScorerOptions, 'precision'>,
  refreshed: ReadonlySet<string>,
): Promise<RefreshedScorer> {
  const graph = scoreGraph(model, { ...options, weightsAsInputs: refreshed });
  const scoring = scoringModel(model, graph, options);
  const thread = startWorker('scorer', besidePatience);
  await opened(thread, loadScorer(thread, scoring, deviceOf(options), { spins: false }));
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

/** Training waits for such a scorer, so one that is dead must not pass for a slow one for long. */
const besidePatience: Patience = { first: 300, later: 10 };

/** A thread that runs ONNX Runtime. */
export function startWorker(name: string, patience?: Patience): Thread<WorkerCalls> {
  return startThread<WorkerCalls>(siblingModule('worker', import.meta.url), name, patience);
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
