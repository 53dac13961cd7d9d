// What the public surfaces of Node, Deno, Bun and browsers have in common.
export { buildArchitecture } from './architectures/architecture.ts';
export type { Batch, InputSpec } from './core/batch.ts';
export { type ErrorKind, RhoError } from './core/errors.ts';
export { makeOrder, type Order } from './core/order.ts';
export type { Preprocessing } from './core/preprocessing.ts';
export { type RandomStream, randomStream } from './core/random.ts';
export {
  type Candidates,
  type Selection,
  type StrategyName,
  selectTop,
  strategyNames,
  strategyOf,
} from './core/selection.ts';
export type { Dtype, Tensor } from './core/tensor.ts';
export type { Device, Scorer, Scores, StepResult, Trainer, TrainerState } from './engine/engine.ts';
export { openScorer, type ScorerOptions } from './engine/ort/openScorer.ts';
export { openTrainer, type TrainerOptions } from './engine/ort/openTrainer.ts';
export type { CompareOptions } from './jobs/compare.ts';
export type { DataOptions } from './jobs/experiment.ts';
export type { ScoreOptions } from './jobs/score.ts';
export type { EvaluationEvent, StepEvent, TrainEvent } from './loop/events.ts';
export type { AdamwOptions } from './onnx/adamw.ts';
export { freeBatch } from './onnx/freeBatch.ts';
export type { Graph, GraphNode, GraphValue } from './onnx/graph.ts';
export { type ExampleOutput, labelsInput } from './onnx/lossHead.ts';
export { inEvalForm, readModel, replaceWeights, writeModel } from './onnx/model.ts';
export {
  type CommonOptimizerOptions,
  type Optimizer,
  type OptimizerOptions,
  optimizerDefaults,
  optimizerOf,
  type UpdateValues,
} from './onnx/optimizer.ts';
export { type FeedOptions, fedInputs } from './onnx/preprocess.ts';
export { type ScoreGraphOptions, scoreGraph } from './onnx/scoreGraph.ts';
export type { SgdOptions } from './onnx/sgd.ts';
export { type FedTensor, nextOf, type TrainingGraph, trainingGraph } from './onnx/trainingGraph.ts';
export { type Parameter, type TrainStep, type TrainStepOptions, trainStep } from './onnx/trainStep.ts';
