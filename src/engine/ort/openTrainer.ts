import { environmentError, usageError } from '../../core/errors.ts';
import type { Graph } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/model.ts';
import { type OptimizerOptions, optimizerDefaults } from '../../onnx/optimizer.ts';
import { fedInputs } from '../../onnx/preprocess.ts';
import { scoreGraph } from '../../onnx/scoreGraph.ts';
import { selectStep } from '../../onnx/selectStep.ts';
import { type TrainStep, type TrainStepOptions, trainStep } from '../../onnx/trainStep.ts';
import type { Thread } from '../../runtime/thread.ts';
import type { DeviceOptions, Lowering, Trainer, TrainerState } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import { buffersOf, deviceOf, opened, scorerOn, trainingPatience } from './openScorer.ts';
import { prepareRefreshed } from './refreshedModel.ts';
import { runtimes } from './runtimes.ts';
import { freeOfPadding, type ScorerOptions, scoringModel } from './scoringModel.ts';
import { startWorker } from './startWorker.ts';
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
  /**
   * Offers `selectAndStep` on so many candidates: scoring, choosing and stepping in one graph, unless scoring is long enough
   * for two calls to cost nothing. Not to be had with `averagesOf`.
   */
  readonly selecting?: { readonly bigBatch: number };
  /** What `scoreCandidates` computes in; default fp32, as everything else. */
  readonly candidatePrecision?: 'fp32' | 'int8';
  /** Where training goes on; default the weights of the model and no step taken. */
  readonly state?: TrainerState;
}

/**
 * Opens a model for training and for scoring with its current weights, both in one thread of its own. Throws a usage error for
 * a step that is to choose among fewer candidates than it takes, or whose candidates are to move running averages.
 */
export async function openTrainer(model: Graph, options: TrainerOptions): Promise<Trainer> {
  requireSelectable(options);
  const thread = startWorker('trainer', trainingPatience);
  const { block, selects } = await opened(thread, loadTrainer(thread, model, options));
  return {
    block,
    ...scorerOn(thread),
    scoreCandidates: (batch) => thread.call('scoreCandidates', batch, buffersOf(batch)),
    step: (batch, learningRate) => thread.call('step', { batch, learningRate }, buffersOf(batch)),
    ...(selects && {
      selectAndStep: (candidates, irreducible, learningRate) =>
        thread.call('selectAndStep', { candidates, irreducible, learningRate }, buffersOf(candidates)),
    }),
    state: () => thread.call('state', null),
    weights: async () => new Map(Object.entries(await thread.call('weights', null))),
  };
}

function requireSelectable({ name, selecting, averagesOf, smallBatch }: TrainerOptions): void {
  if (selecting === undefined) return;
  if (averagesOf !== undefined)
    throw usageError(
      `Cannot choose inside the step of "${name}" where candidates move the running averages: leave those to the steps, or score and step apart`,
    );
  if (selecting.bigBatch < smallBatch)
    throw usageError(
      `Cannot choose ${smallBatch} examples inside the step of "${name}": it is given ${selecting.bigBatch} candidates, expected ${smallBatch} or more`,
    );
}

/**
 * Nodes that the scoring half of a select step may have, all runs together: some 0.2 s of loading. What needs more computes
 * for so long that messages are nothing beside it.
 */
const mostScoreNodes = 2000;

/** What a thread made of a trainer's options. */
interface Loaded {
  readonly block: number | null;
  readonly selects: boolean;
}

async function loadTrainer(thread: Thread<WorkerCalls>, model: Graph, options: TrainerOptions): Promise<Loaded> {
  const found = await blockFor(thread, model, options);
  const optimizer = options.optimizer ?? optimizerDefaults();
  const { graph, layouts, gradientsOnly, ...step } = updatedStep(model, { ...options, optimizer, block: found });
  requireRight(graph, options.device, options.name);
  const block = layouts.size > 0 ? found : undefined;
  const names = new Set([...step.parameters, ...step.averages].map(({ name }) => name));
  const blocked = block === undefined ? undefined : { block, layouts };
  const scored = { ...options, weightsAsInputs: names, blocked };
  const free = freeOfPadding(model, scored);
  const scoring = scoreGraph(model, free);
  const observing = (observed: number) => scoreGraph(model, { ...scored, observed });
  const { averagesOf, selecting, smallBatch } = options;
  const inputs = fedInputs(model, options);
  const scoringPart = scoringModel(model, scoring, free);
  const runs = selecting === undefined ? 0 : Math.ceil(selecting.bigBatch / scoringPart.examplesPerRun);
  // Texts lose their padding before they are scored, which one graph for all candidates cannot do.
  const isOffered = selecting !== undefined && scoringPart.cut === undefined && runtimes[options.device].hasFloat64;
  const selects = isOffered && runs * scoring.nodes.length <= mostScoreNodes;
  const initial = Object.fromEntries([...model.weights].filter(([name]) => names.has(name)));
  const training = {
    ...step,
    bytes: writeModel(graph),
    layouts: Object.fromEntries(layouts),
    block,
    gradientsOnly,
    inputs,
    smallBatch,
    scoring: scoringPart,
    selecting: selects ? writeModel(selectStep(scoring, graph, { ...options, ...selecting, ...scoringPart })) : null,
    cheap:
      options.candidatePrecision === 'int8'
        ? await prepareRefreshed(thread, model, { ...options, precision: 'int8', block: block ?? null }, names)
        : null,
    observing:
      averagesOf === undefined
        ? null
        : { ...scoringModel(model, observing(averagesOf), options), examplesPerRun: averagesOf },
    optimizer,
    seed: options.seed,
    state: options.state ?? { step: 0, tensors: initial },
  };
  await thread.call('openTrainer', { model: training, device: deviceOf(options) });
  return { block: block ?? null, selects };
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
