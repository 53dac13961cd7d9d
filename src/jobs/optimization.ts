import type { Augmentation } from '../core/augment.ts';
import type { DecayName } from '../core/schedule.ts';
import { type OptimizerKind, type OptimizerOptions, optimizerDefaults } from '../onnx/optimizer.ts';

/** Which parameters decay. */
export const decayedNames = ['all', 'matrices'] as const;
export type DecayedName = (typeof decayedNames)[number];

/** How weights are updated, as on the command line. */
export interface OptimizationOptions {
  readonly optimizer: OptimizerKind;
  /** The full learning rate. */
  readonly lr: number;
  /** Null takes the optimiser's default. */
  readonly weightDecay: number | null;
  /** `matrices` leaves biases and the scales of normalisation without weight decay. */
  readonly decay: DecayedName;
  /** SGD's. */
  readonly momentum: number;
  /** The greatest norm of the gradients; null for any. */
  readonly clip: number | null;
  /** What is done to images before they are trained on; null trains on them as they are stored. */
  readonly augment: Augmentation | null;
}

/** How the learning rate of a target goes over its run, as on the command line. */
export interface ScheduleOptions {
  readonly schedule: DecayName;
  readonly warmup: number;
}

export function optimizerFrom(options: OptimizationOptions): OptimizerOptions {
  const { optimizer, weightDecay, decay, clip: clipNorm, momentum } = options;
  const defaults = optimizerDefaults(optimizer);
  const common = { weightDecay: weightDecay ?? defaults.weightDecay, decayAll: decay === 'all', clipNorm };
  return defaults.kind === 'sgd' ? { ...defaults, ...common, momentum } : { ...defaults, ...common };
}
