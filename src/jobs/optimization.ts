import { type Augmentation, augmenter } from '../core/augment.ts';
import type { Batch } from '../core/batch.ts';
import { usageError } from '../core/errors.ts';
import type { DecayName } from '../core/schedule.ts';
import type { Dataset } from '../data/dataset.ts';
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
  /** SGD's; null takes its default. */
  readonly momentum: number | null;
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

/** Steps of a run: as many as were asked for, or as `epochs` passes of `perEpoch` steps make, 1 at least. */
export function stepsOf(
  { steps, epochs }: { readonly steps: number | null; readonly epochs: number | null },
  perEpoch: number,
): number {
  return steps ?? Math.max(1, Math.round(epochs! * perEpoch));
}

/** What changes the batches of a training on `data`; throws a usage error where those are no images, or too small. */
export function augmenterFor(
  { augment }: OptimizationOptions,
  { name, inputs }: Dataset,
  seed: number,
): (batch: Batch, step: number) => Batch {
  const dims = inputs[0]!.dims;
  if (augment !== null && dims.length !== 3)
    throw usageError(
      `Cannot use --augment on "${name}": an example is [${dims.join(', ')}], expected images [channels, height, width]`,
    );
  if (augment !== null && augment.crop >= Math.min(dims[1]!, dims[2]!))
    throw usageError(
      `Cannot use --augment crop:${augment.crop} on images of ${dims[1]} x ${dims[2]}: little but black would be left, pass fewer pixels`,
    );
  return augmenter(augment, seed);
}

export function optimizerFrom(options: OptimizationOptions): OptimizerOptions {
  const { optimizer, weightDecay, decay, clip: clipNorm, momentum } = options;
  const defaults = optimizerDefaults(optimizer);
  if (momentum !== null && defaults.kind !== 'sgd')
    throw usageError(`Cannot use --momentum with --optimizer ${optimizer}: pass --optimizer sgd, or leave it away`);
  const common = { weightDecay: weightDecay ?? defaults.weightDecay, decayAll: decay === 'all', clipNorm };
  return defaults.kind === 'sgd'
    ? { ...defaults, ...common, momentum: momentum ?? defaults.momentum }
    : { ...defaults, ...common };
}
