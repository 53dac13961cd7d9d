import type { CompareOptions } from './compare.ts';
import { exactScoring } from './exactScoring.ts';
import type { DataOptions } from './experiment.ts';

/** Steps on data of one's own where nobody says how long. */
export const usualSteps = 1000;

/** How data are opened where nobody says otherwise, as on the command line. */
export const usualData: Omit<DataOptions, 'data'> = {
  test: null,
  holdout: 'random:0.5',
  noise: 'none',
  labels: null,
  vocab: null,
  tokens: null,
  imageSize: null,
  preprocessing: null,
  dataSeed: 0,
};

/** How models are trained where nobody says otherwise, as on the command line; how long, on what and with what is asked. */
export const usualTraining: Omit<
  CompareOptions,
  keyof DataOptions | 'steps' | 'epochs' | 'strategies' | 'targets' | 'irreducible' | 'device' | 'threads' | 'dataSeeds'
> = {
  ...exactScoring,
  model: 'mlp:512,512',
  ilModel: 'mlp:64',
  ilEpochs: 8,
  ilBatch: 32,
  ilPatience: 4,
  seeds: [0],
  bigBatch: 320,
  smallBatch: 32,
  lr: 1e-3,
  optimizer: 'adamw',
  momentum: null,
  weightDecay: null,
  decay: 'all',
  clip: null,
  augment: null,
  schedule: 'constant',
  warmup: 0,
  batchNorm: 'steps',
  lowering: 'auto',
  freeze: [],
  evalEvery: 20,
  checkpointEvery: 30,
  engine: 'onnx',
  scoreEngine: 'onnx',
};
