import type { GraphBuilder } from './builder.ts';
import type { CommonOptimizerOptions, Optimizer, UpdateValues } from './optimizer.ts';

/** AdamW with decoupled weight decay (Loshchilov and Hutter); the defaults are PyTorch's. */
export interface AdamwOptions extends CommonOptimizerOptions {
  readonly kind: 'adamw';
  /** Defaults 0.9 and 0.999. */
  readonly betas: readonly [number, number];
  /** Default 1e-8. */
  readonly epsilon: number;
}

export const adamwDefaults: AdamwOptions = {
  kind: 'adamw',
  weightDecay: 0.01,
  decayAll: true,
  clipNorm: null,
  betas: [0.9, 0.999],
  epsilon: 1e-8,
};

/** The names of its scalars. */
export const adamwScalars = { decay: 'adamw/decay', stepSize: 'adamw/stepSize', epsilon: 'adamw/epsilon' } as const;
const { decay, stepSize, epsilon } = adamwScalars;

/**
 * The moments are kept as m / (1 - beta1) and v / (1 - beta2), which saves two passes over memory; the scalars make up for
 * it, so that the update is PyTorch's but for rounding: p (1 - lr decay) - lr m̂ / (sqrt(v̂) + epsilon).
 */
export function adamw(options: AdamwOptions): Optimizer {
  const [beta1, beta2] = options.betas;
  return {
    options,
    stateNames: (parameter) => [`${parameter}/moment1`, `${parameter}/moment2`],
    scalarsAt(step, learningRate) {
      const secondScale = Math.sqrt((1 - beta2) / (1 - wholePower(beta2, step)));
      return {
        [decay]: 1 - learningRate * options.weightDecay,
        [stepSize]: (learningRate * (1 - beta1)) / (1 - wholePower(beta1, step)) / secondScale,
        [epsilon]: options.epsilon / secondScale,
      };
    },
    write(b: GraphBuilder, { parameter, state }: UpdateValues, gradient: string, decays: boolean) {
      const first = b.node('Add', [b.node('Mul', [state[0]!, b.scalar(beta1)]), gradient]);
      const squared = b.node('Mul', [gradient, gradient]);
      const second = b.node('Add', [b.node('Mul', [state[1]!, b.scalar(beta2)]), squared]);
      const denominator = b.node('Add', [b.node('Sqrt', [second]), epsilon]);
      const update = b.node('Mul', [b.node('Div', [first, denominator]), stepSize]);
      const kept = decays ? b.node('Mul', [parameter, decay]) : parameter;
      return { parameter: b.node('Sub', [kept, update]), state: [first, second] };
    },
  };
}

/** `base` to a whole power by products alone: Math.pow differs between runtimes in its last bit. */
function wholePower(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
