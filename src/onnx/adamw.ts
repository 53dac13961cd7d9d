import { float32, type Tensor } from '../core/tensor.ts';
import type { GraphBuilder } from './builder.ts';

/** AdamW with decoupled weight decay (Loshchilov and Hutter); the defaults are PyTorch's. */
export interface AdamwOptions {
  /** Default 1e-3. */
  readonly learningRate: number;
  /** Default 0.01. */
  readonly weightDecay: number;
  /** Defaults 0.9 and 0.999. */
  readonly betas: readonly [number, number];
  /** Default 1e-8. */
  readonly epsilon: number;
}

export const adamwDefaults: AdamwOptions = {
  learningRate: 1e-3,
  weightDecay: 0.01,
  betas: [0.9, 0.999],
  epsilon: 1e-8,
};

/** The scalar inputs that change from step to step. */
export const adamwInputs = ['adamw/decay', 'adamw/stepSize', 'adamw/epsilon'] as const;

/**
 * Writes the update of one parameter and returns the names of its new value and moments.
 *
 * The moments are kept as m / (1 - beta1) and v / (1 - beta2), which saves two passes over memory; the scalars of
 * `adamwScalars` make up for it, so that the update is PyTorch's but for rounding:
 * p (1 - lr decay) - lr m̂ / (sqrt(v̂) + epsilon).
 */
export function writeAdamw(
  builder: GraphBuilder,
  parameter: string,
  gradient: string,
  moments: readonly [string, string],
  betas: readonly [number, number],
): { parameter: string; moments: readonly [string, string] } {
  const [decay, stepSize, epsilon] = adamwInputs;
  const b = builder;
  const first = b.node('Add', [b.node('Mul', [moments[0], b.scalar(betas[0])]), gradient]);
  const second = b.node('Add', [b.node('Mul', [moments[1], b.scalar(betas[1])]), b.node('Mul', [gradient, gradient])]);
  const denominator = b.node('Add', [b.node('Sqrt', [second]), epsilon]);
  const update = b.node('Mul', [b.node('Div', [first, denominator]), stepSize]);
  return { parameter: b.node('Sub', [b.node('Mul', [parameter, decay]), update]), moments: [first, second] };
}

/** The values of `adamwInputs` for step number `step`, counted from 1. */
export function adamwScalars(step: number, options: AdamwOptions): Readonly<Record<string, Tensor>> {
  const { learningRate, weightDecay, epsilon } = options;
  const [beta1, beta2] = options.betas;
  const secondScale = Math.sqrt((1 - beta2) / (1 - wholePower(beta2, step)));
  const values = [
    1 - learningRate * weightDecay,
    (learningRate * (1 - beta1)) / (1 - wholePower(beta1, step)) / secondScale,
    epsilon / secondScale,
  ];
  return Object.fromEntries(adamwInputs.map((name, index) => [name, float32([values[index]!], [])]));
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
