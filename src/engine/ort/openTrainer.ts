import { environmentError } from '../../core/errors.ts';
import type { Graph } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/model.ts';
import { type OptimizerOptions, optimizerDefaults } from '../../onnx/optimizer.ts';
import { fedInputs } from '../../onnx/preprocess.ts';
import { scoreGraph } from '../../onnx/scoreGraph.ts';
import { type TrainStep, type TrainStepOptions, trainStep } from '../../onnx/trainStep.ts';
import type { Thread } from '../../runtime/thread.ts';
import type { DeviceOptions, Lowering, Trainer, TrainerState } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import { buffersOf, deviceOf, opened, scorerOn, startWorker } from './openScorer.ts';
import { freeScoringModel, type ScorerOptions, scoringModel } from './scoringModel.ts';
import { fitsMemory } from './updatedInMemory.ts';
import { requireRight } from './webgpuFaults.ts';

export interface TrainerOptions extends Omit<ScorerOptions, 'precision'> {
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
  const thread = startWorker('trainer');
  const block = await opened(thread, loadTrainer(thread, model, options));
  return {
    block,
    ...scorerOn(thread),
    scoreCandidates: (batch) => thread.call('scoreCandidates', batch, buffersOf(batch)),
    step: (batch, learningRate) => thread.call('step', { batch, learningRate }, buffersOf(batch)),
    state: () => thread.call('state', null),
    weights: async () => new Map(Object.entries(await thread.call('weights', null))),
  };
}

async function loadTrainer(thread: Thread<WorkerCalls>, model: Graph, options: TrainerOptions): Promise<number | null> {
  const found = await blockFor(thread, model, options);
  const optimizer = options.optimizer ?? optimizerDefaults();
  const { graph, layouts, gradientsOnly, ...step } = updatedStep(model, { ...options, optimizer, block: found });
  requireRight(graph, options.device, options.name);
  const block = layouts.size > 0 ? found : undefined;
  const names = new Set([...step.parameters, ...step.averages].map(({ name }) => name));
  const blocked = block === undefined ? undefined : { block, layouts };
  const scored = { ...options, weightsAsInputs: names, blocked };
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
    scoring: freeScoringModel(model, scored, (how) => scoreGraph(model, how)),
    observing:
      averagesOf === undefined
        ? null
        : { ...scoringModel(model, observing(averagesOf), options), examplesPerRun: averagesOf },
    optimizer,
    seed: options.seed,
    state: options.state ?? { step: 0, tensors: initial },
  };
  await thread.call('openTrainer', { model: training, device: deviceOf(options) });
  return block ?? null;
}

/** The train step with its update beside it, in one pass over memory, where the thread can do that. */
function updatedStep(model: Graph, options: TrainStepOptions & DeviceOptions): TrainStep & { gradientsOnly: boolean } {
  if (options.device === 'cpu') {
    const step = trainStep(model, { ...options, gradientsOnly: true });
    if (fitsMemory(step.parameters)) return { ...step, gradientsOnly: true };
  }
  return { ...trainStep(model, { ...options, poolIndices: options.device !== 'webgpu' }), gradientsOnly: false };
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
