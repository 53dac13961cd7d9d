import { RhoError } from './errors.ts';

/** What is known of the candidates of a big batch when the small batch is chosen, one entry each. */
export interface Candidates {
  readonly trainingLoss: Float32Array;
  /** ‖softmax - one-hot‖₂, for a strategy that asks for it. */
  readonly gradientNorm?: Float32Array;
  /** For a strategy that asks for it. */
  readonly irreducibleLoss?: Float32Array;
}

/** A rule for choosing the small batch. */
export interface Strategy {
  readonly needsIrreducibleLoss: boolean;
  readonly needsGradientNorm: boolean;
  /** The candidates with the highest scores are trained on; null takes the first of them, which are in random order. */
  readonly score: ((candidates: Candidates) => Float32Array) | null;
}

/** The names of the strategies, as on the command line. */
export const strategyNames = ['rho', 'uniform', 'loss', 'gradnorm', 'il'] as const;
export type StrategyName = (typeof strategyNames)[number];

const strategies: Readonly<Record<StrategyName, Strategy>> = {
  /** Reducible loss: training loss minus irreducible loss (Mindermann et al. 2022, Eq. 3). */
  rho: {
    needsIrreducibleLoss: true,
    needsGradientNorm: false,
    score: ({ trainingLoss, irreducibleLoss }) => trainingLoss.map((loss, i) => loss - irreducibleLoss![i]!),
  },
  /** The next n_b of the shuffled big batch. */
  uniform: { needsIrreducibleLoss: false, needsGradientNorm: false, score: null },
  /** The highest training loss. */
  loss: { needsIrreducibleLoss: false, needsGradientNorm: false, score: ({ trainingLoss }) => trainingLoss },
  /** The highest bound on the gradient's norm (Katharopoulos and Fleuret 2018). */
  gradnorm: { needsIrreducibleLoss: false, needsGradientNorm: true, score: ({ gradientNorm }) => gradientNorm! },
  /** The lowest irreducible loss. */
  il: {
    needsIrreducibleLoss: true,
    needsGradientNorm: false,
    score: ({ irreducibleLoss }) => irreducibleLoss!.map((loss) => -loss),
  },
};

/** The strategy of that name. */
export function strategyOf(name: StrategyName): Strategy {
  return strategies[name];
}

/** Which candidates were chosen, and how many could not be. */
export interface Selection {
  /** Positions in the big batch, highest score first. */
  readonly chosen: Uint32Array;
  /** Candidates left out because their score is not a number. */
  readonly nan: number;
}

/**
 * The `count` candidates with the highest scores; of equal scores those with the smaller id come first. A score that is not
 * a number is never chosen. Throws where fewer than `count` are left.
 */
export function selectTop(scores: Float32Array, ids: Uint32Array, count: number): Selection {
  const nan = countNan(scores, count);
  const valid = Uint32Array.from(ids.keys()).filter((position) => !Number.isNaN(scores[position]!));
  // Infinite scores have no difference, so they are compared, not subtracted.
  valid.sort((a, b) => (scores[a]! === scores[b]! ? ids[a]! - ids[b]! : scores[a]! > scores[b]! ? -1 : 1));
  return { chosen: valid.slice(0, count), nan };
}

/** How many scores are not a number. Throws where fewer than `count` others are left to choose from. */
export function countNan(scores: Float32Array, count: number): number {
  const nan = scores.reduce((sum, score) => (Number.isNaN(score) ? sum + 1 : sum), 0);
  if (scores.length - nan < count)
    throw new RhoError(
      'diverged',
      `Cannot select ${count} of ${scores.length} candidates: the loss of ${nan} is not a number, try a lower --lr`,
    );
  return nan;
}
