import type { Batch } from '../../core/batch.ts';
import { usageError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Graph } from '../../onnx/graph.ts';
import { largestActivation } from '../../onnx/largestActivation.ts';
import type { ExampleOutput } from '../../onnx/lossHead.ts';
import { writeModel } from '../../onnx/model.ts';
import { type FeedOptions, fedInputs } from '../../onnx/preprocess.ts';
import type { Precision } from '../../onnx/quantised/precision.ts';
import { scoreGraphIn } from '../../onnx/quantised/scoreGraphIn.ts';
import { scoreGraph } from '../../onnx/scoreGraph.ts';
import { siblingModule, startThread, type Thread } from '../../runtime/thread.ts';
import type { DeviceOptions, Scorer } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import type { ScoringModel } from './scoringWork.ts';
import type { Sharing } from './session.ts';
import { requireRight } from './webgpuFaults.ts';

export interface ScorerOptions extends FeedOptions, DeviceOptions {
  /** What to compute of each example. */
  readonly outputs: readonly ExampleOutput[];
  /** What a model with its own weights is computed in; default fp32. */
  readonly precision?: Precision;
}

/**
 * Opens a model with its own weights for scoring, in a thread of its own. Throws a usage error for int8 off the CPU, and a data
 * error for a model without a product that gains from it.
 */
export async function openScorer(model: Graph, options: ScorerOptions): Promise<Scorer> {
  return openScoringModel(scoringModelIn(model, options), deviceOf(options), { spins: true });
}

/** The score graph of a model with its own weights, in numbers of the precision asked for; throws as `openScorer` does. */
export function scoringModelIn(model: Graph, options: ScorerOptions): ScoringModel {
  const { precision = 'fp32', device } = options;
  if (precision === 'int8' && device !== 'cpu')
    throw usageError(
      `Cannot score "${options.name}" in int8 on the device "${device}": products in 8 bits run on the CPU; pass --device cpu or --precision fp16`,
    );
  return scoringModel(model, scoreGraphIn(precision, model, options), options);
}

/** Opens a score graph in a thread of its own. */
export async function openScoringModel(model: ScoringModel, device: DeviceOptions, sharing: Sharing): Promise<Scorer> {
  const thread = startWorker('scorer');
  await opened(thread, thread.call('openScorer', { model, device, sharing }));
  return scorerOn(thread);
}

/** Bytes of the largest activation of a run: enough to keep the cores busy, few enough to stay in their caches. */
const bytesPerRun = 4 * 2 ** 20;
const mostPerRun = 500;

/** The score graph of a model as a worker takes it. Throws where the device would compute it wrongly. */
export function scoringModel(model: Graph, graph: Graph, options: ScorerOptions): ScoringModel {
  requireRight(graph, options.device, options.name);
  const fitting = Math.floor(bytesPerRun / largestActivation(graph));
  return {
    bytes: writeModel(graph),
    inputs: fedInputs(model, options),
    outputs: options.outputs,
    examplesPerRun: Math.max(1, Math.min(mostPerRun, fitting)),
  };
}

/** A scorer whose weights are set anew again and again, for a trainer elsewhere. */
export interface RefreshedScorer extends Scorer {
  /** Takes fresh weights by initialiser, whose buffers are moved to the thread: what is scored from now on is scored with them. */
  setWeights(weights: Readonly<Record<string, Tensor>>): Promise<void>;
}

/** Opens a model for scoring in a thread of its own; the initialisers `refreshed` have to be set before it scores. */
export async function openRefreshedScorer(
  model: Graph,
  options: ScorerOptions,
  refreshed: ReadonlySet<string>,
): Promise<RefreshedScorer> {
  const graph = scoreGraph(model, { ...options, weightsAsInputs: refreshed });
  const scoring = scoringModel(model, graph, options);
  const thread = startWorker('scorer');
  await opened(
    thread,
    thread.call('openScorer', { model: scoring, device: deviceOf(options), sharing: { spins: true } }),
  );
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
