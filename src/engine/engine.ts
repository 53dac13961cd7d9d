import type { Batch } from '../core/batch.ts';
import type { Span } from '../core/span.ts';
import type { Tensor } from '../core/tensor.ts';

export { type Precision, precisions } from '../onnx/quantised/precision.ts';

/** Where a graph runs: ONNX Runtime's execution providers by name. The first three are native, wasm is WebAssembly. */
export const devices = ['cpu', 'cuda', 'webgpu', 'wasm'] as const;
export type Device = (typeof devices)[number];

/** What TensorFlow.js computes with, best first. */
export const tfBackends = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'] as const;
export type TfBackend = (typeof tfBackends)[number];

/** What trains: ONNX Runtime, or TensorFlow.js on one of its backends. */
export type Engine = 'onnx' | `tfjs:${TfBackend}`;

/** How convolutions are written for training: in ONNX Runtime's blocked operators, or in standard ones. */
export const lowerings = ['auto', 'standard', 'blocked'] as const;
export type Lowering = (typeof lowerings)[number];

/** What scores the candidates where TensorFlow.js trains: ONNX Runtime with the weights of each step, or itself. */
export type ScoreEngine = 'onnx' | 'same';

export interface DeviceOptions {
  readonly device: Device;
  /** Threads that one operator is spread over. */
  readonly threads: number;
}

/** What is known of each example after scoring, in the order of the batch; only what was asked for is there. */
export interface Scores {
  /** Cross-entropy by the label given. */
  readonly loss: Float32Array;
  readonly predicted: Int32Array;
  /** Probability of the label minus the largest other one. */
  readonly margin?: Float32Array;
  /** ‖softmax - one-hot‖₂. */
  readonly gradientNorm?: Float32Array;
  /** The smallest logit, and the sum of all: those of probabilities give themselves away. */
  readonly leastLogit?: Float32Array;
  readonly logitSum?: Float32Array;
  /** When the thread worked at it, where that is known. */
  readonly span?: Span;
}

/** A model with fixed weights in its own thread. */
export interface Scorer {
  /** Scores a batch, whose buffers are moved to the thread. Calls may be queued: one batch is computed at a time. */
  score(batch: Batch): Promise<Scores>;
  close(): Promise<void>;
}

/** A scorer whose weights are set anew again and again, for a trainer elsewhere. */
export interface RefreshedScorer extends Scorer {
  /** Takes fresh weights by initialiser, whose buffers are moved to the thread: what is scored from now on is scored with them. */
  setWeights(weights: Readonly<Record<string, Tensor>>): Promise<void>;
}

export interface StepResult {
  /** Mean loss of the small batch before the step, in the training form. */
  readonly meanLoss: number;
  /** The same for each example. */
  readonly loss: Float32Array;
  readonly predicted: Int32Array;
  /** When the thread worked at it, where that is known. */
  readonly span?: Span;
}

/** What a step that chooses its own small batch tells. */
export interface SelectedStepResult extends StepResult {
  /** Of the candidates, with the weights before the step. */
  readonly scores: Scores;
  /** Positions among the candidates, best first. */
  readonly chosen: Uint32Array;
}

/** Everything a trainer needs to go on bit for bit: weights and what its optimiser keeps by name, and the steps taken. */
export interface TrainerState {
  readonly step: number;
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** The block of the blocked operators that it was trained with; absent: standard operators. Another gives other last bits. */
  readonly block?: number;
}

/** A target model with its optimiser in its own thread. Weights stay there between steps. */
export interface Trainer extends Scorer {
  /** The block of the blocked operators that its convolutions were written in; null for standard operators. */
  readonly block: number | null;
  /**
   * Scores the candidates of a step. Where the trainer was opened so, the running averages of batch normalisation move towards
   * theirs.
   */
  scoreCandidates(batch: Batch): Promise<Scores>;
  /** One optimiser step on the plain mean loss of the batch, whose buffers are moved to the thread. */
  step(batch: Batch, learningRate: number): Promise<StepResult>;
  /**
   * Scores candidates and takes one step on those with the highest reducible loss: loss minus irreducible loss, or the loss
   * where that is null. It chooses as `selectTop` does where the candidates stand in the order of their ids, fails as that
   * does, and leaves the same weights as scoring and stepping apart. The batch's buffers are moved to the thread. Only there
   * where the trainer was opened so.
   */
  selectAndStep?(
    candidates: Batch,
    irreducible: Float32Array | null,
    learningRate: number,
  ): Promise<SelectedStepResult>;
  /** A copy of the weights and of what the optimiser keeps. */
  state(): Promise<TrainerState>;
  /** A copy of the weights alone, by initialiser. */
  weights(): Promise<ReadonlyMap<string, Tensor>>;
}
