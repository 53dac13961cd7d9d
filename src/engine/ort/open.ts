import type { Batch } from '../../core/batch.ts';
import { environmentError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Graph } from '../../onnx/graph.ts';
import { largestActivation } from '../../onnx/largestActivation.ts';
import type { ExampleOutput } from '../../onnx/lossHead.ts';
import { writeModel } from '../../onnx/model.ts';
import { type OptimizerOptions, optimizerDefaults } from '../../onnx/optimizer.ts';
import { type FeedOptions, fedInputs } from '../../onnx/preprocess.ts';
import { scoreGraph } from '../../onnx/scoreGraph.ts';
import { type TrainStep, type TrainStepOptions, trainStep } from '../../onnx/trainStep.ts';
import { siblingModule, startThread, type Thread } from '../../runtime/thread.ts';
import type { DeviceOptions, Scorer, Trainer, TrainerState } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import type { ScoringModel } from './scoringWork.ts';
import { fitsMemory } from './updatedInMemory.ts';

export interface ScorerOptions extends FeedOptions, DeviceOptions {
  /** What to compute of each example. */
  readonly outputs: readonly ExampleOutput[];
}

/** Opens a model with its own weights for scoring, in a thread of its own. */
export async function openScorer(model: Graph, options: ScorerOptions): Promise<Scorer> {
  const scoring = scoringModel(model, scoreGraph(model, options), options);
  const thread = startThread<WorkerCalls>(siblingModule('worker', import.meta.url), 'scorer');
  await opened(thread, thread.call('openScorer', { model: scoring, device: deviceOf(options) }));
  return scorerOn(thread);
}

/** Bytes of the largest activation of a run: enough to keep the cores busy, few enough to stay in their caches. */
const bytesPerRun = 4 * 2 ** 20;
const mostPerRun = 500;

function scoringModel(model: Graph, graph: Graph, options: ScorerOptions): ScoringModel {
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
  const thread = startThread<WorkerCalls>(siblingModule('worker', import.meta.url), 'scorer');
  await opened(thread, thread.call('openScorer', { model: scoring, device: deviceOf(options) }));
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

/** How convolutions are written for training: in ONNX Runtime's blocked operators, or in standard ones. */
export const lowerings = ['auto', 'standard', 'blocked'] as const;
export type Lowering = (typeof lowerings)[number];

export interface TrainerOptions extends ScorerOptions {
  readonly smallBatch: number;
  readonly seed: number;
  /** Default AdamW as PyTorch has it. */
  readonly optimizer?: OptimizerOptions;
  /** How convolutions are written; default auto: in blocked operators where the machine has them. */
  readonly lowering?: Lowering;
  /** Weights that are left as they are, by patterns. */
  readonly freeze?: readonly string[];
  /** Candidates of a step, where they feed the running averages of batch normalisation instead of the steps. */
  readonly averagesOf?: number;
  /** Where training goes on; default the weights of the model and no step taken. */
  readonly state?: TrainerState;
}

/** Opens a model for training and for scoring with its current weights, both in one thread of its own. */
export async function openTrainer(model: Graph, options: TrainerOptions): Promise<Trainer> {
  const thread = startThread<WorkerCalls>(siblingModule('worker', import.meta.url), 'trainer');
  await opened(thread, loadTrainer(thread, model, options));
  return {
    ...scorerOn(thread),
    scoreCandidates: (batch) => thread.call('scoreCandidates', batch, buffersOf(batch)),
    step: (batch, learningRate) => thread.call('step', { batch, learningRate }, buffersOf(batch)),
    state: () => thread.call('state', null),
    weights: async () => new Map(Object.entries(await thread.call('weights', null))),
  };
}

async function loadTrainer(thread: Thread<WorkerCalls>, model: Graph, options: TrainerOptions): Promise<void> {
  const block = await blockFor(thread, model, options);
  const optimizer = options.optimizer ?? optimizerDefaults();
  const { graph, layouts, gradientsOnly, ...step } = updatedStep(model, { ...options, optimizer, block });
  const names = new Set([...step.parameters, ...step.averages].map(({ name }) => name));
  const blocked = block === undefined ? undefined : { block, layouts };
  const scored = { ...options, weightsAsInputs: names, blocked };
  const scoring = scoreGraph(model, scored);
  const observing = (observed: number) => scoreGraph(model, { ...scored, observed });
  const { averagesOf } = options;
  const inputs = fedInputs(model, options);
  const initial = Object.fromEntries([...model.weights].filter(([name]) => names.has(name)));
  const training = {
    ...step,
    bytes: writeModel(graph),
    layouts: Object.fromEntries(layouts),
    block,
    gradientsOnly,
    inputs,
    scoring: scoringModel(model, scoring, options),
    observing:
      averagesOf === undefined
        ? null
        : { ...scoringModel(model, observing(averagesOf), options), examplesPerRun: averagesOf },
    optimizer,
    seed: options.seed,
    state: options.state ?? { step: 0, tensors: initial },
  };
  await thread.call('openTrainer', { model: training, device: deviceOf(options) });
}

/** The train step with its update beside it, in one pass over memory, where the thread can do that. */
function updatedStep(model: Graph, options: TrainStepOptions & DeviceOptions): TrainStep & { gradientsOnly: boolean } {
  if (options.device === 'cpu') {
    const step = trainStep(model, { ...options, gradientsOnly: true });
    if (fitsMemory(step.parameters)) return { ...step, gradientsOnly: true };
  }
  return { ...trainStep(model, options), gradientsOnly: false };
}

/** The block to write a model's convolutions with: that of the run that goes on, or of this machine; undefined for none. */
async function blockFor(
  thread: Thread<WorkerCalls>,
  { nodes }: Graph,
  { device, lowering = 'auto', state }: TrainerOptions,
): Promise<number | undefined> {
  if (state !== undefined && state.step > 0 && state.block === undefined) return undefined;
  if (device !== 'cpu' || lowering === 'standard' || !nodes.some(({ op }) => op === 'Conv')) return undefined;
  const found = await thread.call('block', null);
  if (state?.block !== undefined && state.block !== found)
    throw environmentError(
      `Cannot go on with this run bit for bit: it was begun with blocked operators of ${state.block}, this machine has ${found ?? 'none'}; go on where it was begun`,
    );
  if (found === null && lowering === 'blocked')
    throw environmentError(
      'Cannot use --lowering blocked: ONNX Runtime has no blocked operators on this machine, leave it at auto',
    );
  return found ?? undefined;
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
export async function opened(thread: Pick<Thread<WorkerCalls>, 'stop'>, opening: Promise<void>): Promise<void> {
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

/** The buffers that hold a batch, to be moved with it. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  const buffers = [...batch.inputs.map(({ data }) => data.buffer), batch.labels.buffer];
  return [...new Set(buffers.filter((buffer) => buffer instanceof ArrayBuffer))];
}
