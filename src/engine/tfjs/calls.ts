import type { Batch } from '../../core/batch.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Scores, StepResult, TfBackend, TrainerState } from '../engine.ts';
import type { TfTrainingModel } from './trainingWork.ts';

/** What a thread with TensorFlow.js answers. */
export type TfWorkerCalls = {
  /** Loads a backend and multiplies two matrices with it. */
  readonly tryBackend: (argument: { backend: TfBackend; software: boolean }) => Promise<void>;
  readonly openTrainer: (argument: { model: TfTrainingModel; backend: TfBackend }) => Promise<void>;
  readonly score: (batch: Batch) => Promise<Scores>;
  readonly step: (argument: { batch: Batch; learningRate: number }) => Promise<StepResult>;
  readonly state: (argument: null) => Promise<TrainerState>;
  readonly weights: (argument: null) => Promise<Readonly<Record<string, Tensor>>>;
  readonly tensorCount: (argument: null) => Promise<number>;
  readonly release: (argument: null) => Promise<void>;
};
