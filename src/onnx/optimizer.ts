import { type AdamwOptions, adamw, adamwDefaults } from './adamw.ts';
import type { GraphBuilder } from './builder.ts';
import { type SgdOptions, sgd, sgdDefaults } from './sgd.ts';

/** What every optimiser can be told. */
export interface CommonOptimizerOptions {
  /** Decoupled for AdamW; added to the gradient for SGD, as in PyTorch. */
  readonly weightDecay: number;
  /** False leaves parameters of rank 1 (biases, scales of normalisation) without decay. */
  readonly decayAll: boolean;
  /** Gradients whose norm over all parameters is greater are scaled down to it (clip_grad_norm_); null never. */
  readonly clipNorm: number | null;
}

export type OptimizerOptions = AdamwOptions | SgdOptions;
export type OptimizerKind = OptimizerOptions['kind'];

/** One parameter's update as names in a graph: what goes in, or what comes out. */
export interface UpdateValues {
  readonly parameter: string;
  /** What the optimiser keeps for the parameter, in the order of `stateNames`. */
  readonly state: readonly string[];
}

/** An optimiser as it is written into a train-step graph. */
export interface Optimizer {
  readonly options: OptimizerOptions;
  /** The scalar inputs of the train step that change from step to step, and their values at step 1, 2, … */
  scalarsAt(step: number, learningRate: number): Readonly<Record<string, number>>;
  /** The names of the tensors, of the parameter's shape and zero to begin with, that it keeps for a parameter. */
  stateNames(parameter: string): readonly string[];
  /** Writes the update; `decays` says whether weight decay applies to the parameter. */
  write(builder: GraphBuilder, values: UpdateValues, gradient: string, decays: boolean): UpdateValues;
}

/** PyTorch's defaults, AdamW's where no kind is given. */
export function optimizerDefaults(kind: OptimizerKind = 'adamw'): OptimizerOptions {
  return kind === 'sgd' ? sgdDefaults : adamwDefaults;
}

export function optimizerOf(options: OptimizerOptions): Optimizer {
  return options.kind === 'sgd' ? sgd(options) : adamw(options);
}

/** Whether a parameter of this shape is decayed. */
export function decays({ weightDecay, decayAll }: OptimizerOptions, dims: readonly number[]): boolean {
  return weightDecay > 0 && (decayAll || dims.length > 1);
}
