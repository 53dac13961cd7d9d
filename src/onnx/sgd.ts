import type { CommonOptimizerOptions, Optimizer } from './optimizer.ts';

/** Stochastic gradient descent with momentum, as PyTorch's without dampening: v = momentum v + g + decay p; p - lr v. */
export interface SgdOptions extends CommonOptimizerOptions {
  readonly kind: 'sgd';
  /** 0 keeps no velocity. Default 0.9, PyTorch's is 0. */
  readonly momentum: number;
}

export const sgdDefaults: SgdOptions = { kind: 'sgd', weightDecay: 0, decayAll: true, clipNorm: null, momentum: 0.9 };

const learningRateInput = 'sgd/learningRate';

export function sgd(options: SgdOptions): Optimizer {
  const { momentum, weightDecay } = options;
  return {
    options,
    stateNames: (parameter) => (momentum > 0 ? [`${parameter}/velocity`] : []),
    scalarsAt: (_, learningRate) => ({ [learningRateInput]: learningRate }),
    write(b, { parameter, state }, gradient, decays) {
      const pull = decays ? b.node('Add', [gradient, b.node('Mul', [parameter, b.scalar(weightDecay)])]) : gradient;
      const velocity = momentum > 0 ? b.node('Add', [b.node('Mul', [state[0]!, b.scalar(momentum)]), pull]) : pull;
      return {
        parameter: b.node('Sub', [parameter, b.node('Mul', [velocity, learningRateInput])]),
        state: momentum > 0 ? [velocity] : [],
      };
    },
  };
}
