import type { Batch } from '../../core/batch.ts';
import type { Graph } from '../../onnx/graph.ts';
import type { ExampleOutput } from '../../onnx/lossHead.ts';
import { writeModel } from '../../onnx/model.ts';
import { type OptimizerOptions, optimizerDefaults } from '../../onnx/optimizer.ts';
import { type FeedOptions, fedInputs } from '../../onnx/preprocess.ts';
import { scoreGraph } from '../../onnx/scoreGraph.ts';
import { trainStep } from '../../onnx/trainStep.ts';
import { siblingModule, startThread, type Thread } from '../../runtime/thread.ts';
import type { DeviceOptions, Scorer, Trainer, TrainerState } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';

export interface ScorerOptions extends FeedOptions, DeviceOptions {
  /** What to compute of each example. */
  readonly outputs: readonly ExampleOutput[];
}

/** Opens a model with its own weights for scoring, in a thread of its own. */
export async function openScorer(model: Graph, options: ScorerOptions): Promise<Scorer> {
  const graph = scoreGraph(model, options);
  const scoring = { bytes: writeModel(graph), inputs: fedInputs(model, options), outputs: options.outputs };
  const thread = startThread<WorkerCalls>(siblingModule('worker', import.meta.url), 'scorer');
  await opened(thread, thread.call('openScorer', { model: scoring, device: deviceOf(options) }));
  return scorerOn(thread);
}

export interface TrainerOptions extends ScorerOptions {
  readonly smallBatch: number;
  readonly seed: number;
  /** Default AdamW as PyTorch has it. */
  readonly optimizer?: OptimizerOptions;
  /** Where training goes on; default the weights of the model and no step taken. */
  readonly state?: TrainerState;
}

/** Opens a model for training and for scoring with its current weights, both in one thread of its own. */
export async function openTrainer(model: Graph, options: TrainerOptions): Promise<Trainer> {
  const optimizer = options.optimizer ?? optimizerDefaults();
  const step = trainStep(model, { ...options, optimizer });
  const names = new Set([...step.parameters, ...step.averages].map(({ name }) => name));
  const scoring = scoreGraph(model, { ...options, weightsAsInputs: names });
  const inputs = fedInputs(model, options);
  const initial = Object.fromEntries([...model.weights].filter(([name]) => names.has(name)));
  const thread = startThread<WorkerCalls>(siblingModule('worker', import.meta.url), 'trainer');
  const training = {
    bytes: writeModel(step.graph),
    inputs,
    parameters: step.parameters,
    masks: step.masks,
    averages: step.averages,
    scoring: { bytes: writeModel(scoring), inputs, outputs: options.outputs },
    optimizer,
    seed: options.seed,
    state: options.state ?? { step: 0, tensors: initial },
  };
  await opened(thread, thread.call('openTrainer', { model: training, device: deviceOf(options) }));
  return {
    ...scorerOn(thread),
    step: (batch, learningRate) => thread.call('step', { batch, learningRate }, buffersOf(batch)),
    state: () => thread.call('state', null),
    weights: async () => new Map(Object.entries(await thread.call('weights', null))),
  };
}

function scorerOn(thread: Thread<WorkerCalls>): Scorer {
  return {
    score: (batch) => thread.call('score', batch, buffersOf(batch)),
    async close() {
      await thread.call('release', null).catch(() => undefined);
      await thread.stop();
    },
  };
}

/** Waits until a thread has its model; one that cannot have it is ended. */
async function opened(thread: Thread<WorkerCalls>, opening: Promise<void>): Promise<void> {
  try {
    await opening;
  } catch (error) {
    await thread.stop();
    throw error;
  }
}

function deviceOf({ device, threads }: DeviceOptions): DeviceOptions {
  return { device, threads };
}

function buffersOf(batch: Batch): ArrayBuffer[] {
  const buffers = [...batch.inputs.map(({ data }) => data.buffer), batch.labels.buffer];
  return [...new Set(buffers.filter((buffer) => buffer instanceof ArrayBuffer))];
}
