import type { Batch } from '../../core/batch.ts';
import { usageError } from '../../core/errors.ts';
import type { Graph } from '../../onnx/graph.ts';
import { optimizerDefaults } from '../../onnx/optimizer.ts';
import { fedInputs } from '../../onnx/preprocess.ts';
import { scoreGraph } from '../../onnx/scoreGraph.ts';
import { trainingGraph } from '../../onnx/trainingGraph.ts';
import { trainStep, withUntrained } from '../../onnx/trainStep.ts';
import { siblingModule, startThread } from '../../runtime/thread.ts';
import type { ScoreEngine, TfBackend, Trainer } from '../engine.ts';
import { buffersOf, opened, openRefreshedScorer, trainingPatience } from '../ort/openScorer.ts';
import type { TrainerOptions } from '../ort/openTrainer.ts';
import { scoringWithCurrent } from '../scoringWithCurrent.ts';
import type { TfWorkerCalls } from './calls.ts';
import type { TfTrainingModel } from './trainingWork.ts';
import { updateGraph } from './updateGraph.ts';

export interface TfTrainerOptions extends TrainerOptions {
  readonly backend: TfBackend;
  /** What scores with the current weights; default ONNX Runtime in another thread. */
  readonly scoreEngine?: ScoreEngine;
}

/** A trainer in TensorFlow.js, which can tell how many tensors it holds. */
export interface TfTrainer extends Trainer {
  tensorCount(): Promise<number>;
}

/** Opens a model for training with TensorFlow.js in a thread of its own, and for scoring with its current weights. */
export async function openTrainer(model: Graph, options: TfTrainerOptions): Promise<TfTrainer> {
  if (options.averagesOf !== undefined)
    throw usageError(
      'Cannot take running averages from candidates with TensorFlow.js: pass --batch-norm steps, or --engine onnx',
    );
  const optimizer = options.optimizer ?? optimizerDefaults();
  const training = trainingGraph(model, options);
  // What the other engine trains: this one follows, and refuses what that refuses.
  const trained = trainStep(model, { ...options, optimizer }).parameters;
  const update = updateGraph(trained, optimizer);
  const names = new Set([...trained, ...training.averages].map(({ name }) => name));
  const inputs = fedInputs(model, options);
  const scores = options.scoreEngine === 'same';
  const of: TfTrainingModel = {
    graph: withUntrained(training.graph, model, names),
    update: update.graph,
    inputs,
    parameters: update.parameters,
    masks: training.masks,
    averages: training.averages,
    optimizer,
    smallBatch: options.smallBatch,
    classes: options.classes ?? Number.POSITIVE_INFINITY,
    seed: options.seed,
    scoring: scores
      ? { graph: scoreGraph(model, { ...options, weightsAsInputs: names }), inputs, outputs: options.outputs }
      : null,
    state: options.state ?? {
      step: 0,
      tensors: Object.fromEntries([...model.weights].filter(([name]) => names.has(name))),
    },
  };
  const thread = startThread<TfWorkerCalls>(siblingModule('worker', import.meta.url), 'trainer', trainingPatience);
  await opened(thread, thread.call('openTrainer', { model: of, backend: options.backend }));
  const close = () => thread.stop('release');
  const step: Trainer['step'] = (batch, learningRate) => thread.call('step', { batch, learningRate }, buffersOf(batch));
  const rest = {
    block: null,
    state: () => thread.call('state', null),
    weights: async () => new Map(Object.entries(await thread.call('weights', null))),
    tensorCount: () => thread.call('tensorCount', null),
  };
  if (scores) {
    const score = (batch: Batch) => thread.call('score', batch, buffersOf(batch));
    return { step, ...rest, score, scoreCandidates: score, close };
  }

  const openScorer = () => openRefreshedScorer(model, options, names);
  const scorer = await openScorer().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const refreshed = scoringWithCurrent(() => thread.call('weights', null), scorer);
  return {
    ...rest,
    step(batch, learningRate) {
      refreshed.outdate();
      return step(batch, learningRate);
    },
    score: refreshed.score,
    scoreCandidates(batch) {
      // Weights that an evaluation has moved are moved once more: what a step needs is had in its own time.
      refreshed.outdate();
      return refreshed.score(batch);
    },
    async close() {
      await close();
      await scorer.close();
    },
  };
}
