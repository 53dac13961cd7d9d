import type { Batch } from '../../core/batch.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { DeviceOptions, Scores, SelectedStepResult, StepResult, TrainerState } from '../engine.ts';
import type { Evaluation } from './evaluate.ts';
import type { RefreshedModel } from './refreshedWork.ts';
import type { ScoringModel } from './scoringWork.ts';
import type { Sharing } from './session.ts';
import type { SelectedStep, TrainingModel } from './trainingWork.ts';

/** What a model's thread answers. One thread holds one model: a scorer of either kind or a trainer. */
export type WorkerCalls = {
  /** The block of ONNX Runtime's blocked operators here. */
  readonly block: (argument: null) => Promise<number | null>;
  /** Whether products with int8 overflow here. */
  readonly productsOverflow: (argument: null) => Promise<boolean>;
  readonly openScorer: (argument: { model: ScoringModel; device: DeviceOptions; sharing: Sharing }) => Promise<void>;
  readonly openTrainer: (argument: { model: TrainingModel; device: DeviceOptions }) => Promise<void>;
  /** One output of a graph, which is opened for it alone. */
  readonly evaluate: (argument: Evaluation) => Promise<Tensor>;
  readonly openRefreshed: (argument: {
    model: RefreshedModel;
    device: DeviceOptions;
    sharing: Sharing;
  }) => Promise<void>;
  /** Weights by initialiser for a scorer that was opened so. */
  readonly setWeights: (weights: Readonly<Record<string, Tensor>>) => Promise<void>;
  readonly score: (batch: Batch) => Promise<Scores>;
  readonly scoreCandidates: (batch: Batch) => Promise<Scores>;
  readonly step: (argument: { batch: Batch; learningRate: number }) => Promise<StepResult>;
  readonly selectAndStep: (argument: SelectedStep) => Promise<SelectedStepResult>;
  readonly state: (argument: null) => Promise<TrainerState>;
  readonly weights: (argument: null) => Promise<Readonly<Record<string, Tensor>>>;
  readonly release: (argument: null) => Promise<void>;
};
