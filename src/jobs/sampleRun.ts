import type { StrategyName } from '../core/selection.ts';

/** What `rho run` compares on the sample that ships with the package. */
export const sampleRun: {
  readonly noise: string;
  readonly steps: number;
  readonly strategies: readonly StrategyName[];
} = { noise: 'flip:0.4', steps: 300, strategies: ['rho', 'uniform'] };
