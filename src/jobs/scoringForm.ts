import { usageError } from '../core/errors.ts';
import { type StrategyName, strategyOf } from '../core/selection.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Device, DeviceOptions, RefreshedScorer, Trainer } from '../engine/engine.ts';
import { backendOf, type EngineOptions } from '../engine/open.ts';
import { openRefreshedScorer } from '../engine/ort/openScorer.ts';
import type { ScoringPlan } from '../loop/plan.ts';
import { feedFrom, type ModelFile } from './model.ts';

/** What candidates are scored with: the target as it is, or something cheaper that is made from it. */
export const scoringForms = ['exact', 'int8'] as const;
export type ScoringForm = (typeof scoringForms)[number];

/** How candidates are scored, as on the command line. */
export interface CandidateScoringOptions extends ScoringPlan {
  readonly scoring: ScoringForm;
  /** Candidates of a step that are scored, the others keeping their last losses; null scores all. */
  readonly reuse: number | null;
  /** Passes after which a loss is not reused any more. */
  readonly reuseEpochs: number;
  /** Candidates that the trainer scores again, exactly, to choose from those; null chooses by the first scores. */
  readonly shortlist: number | null;
  /** Of the threads of a run, those that score beside the trainer; null leaves it half of them. */
  readonly scoreThreads: number | null;
  /** Null scores where the target is trained. */
  readonly scoreDevice: Device | null;
}

/** The paper's method, which runs from before there was a choice went by. */
export const exactScoring: CandidateScoringOptions = {
  staleness: 0,
  refresh: 1,
  scoring: 'exact',
  reuse: null,
  reuseEpochs: 4,
  shortlist: null,
  scoreThreads: null,
  scoreDevice: null,
};

/** How the threads of a run are shared by its two sides. */
export interface ThreadBudget {
  readonly training: number;
  /** Null where nothing scores beside the trainer. */
  readonly scoring: number | null;
}

/**
 * The threads of either side. Where they take turns, as with current weights and irreducible losses from a store, both have all;
 * where they work at the same time they share them.
 */
export function threadBudget(
  options: CandidateScoringOptions & DeviceOptions & Partial<EngineOptions>,
  strategy: StrategyName,
  online: boolean,
): ThreadBudget {
  const { threads, scoreThreads, staleness, refresh } = options;
  const { score, needsIrreducibleLoss } = strategyOf(strategy);
  const scoresBeside = score !== null && scorerIsBeside(options);
  const scoresOnline = needsIrreducibleLoss && online;
  if (!scoresBeside && !scoresOnline) return { training: threads, scoring: null };
  const atOnce = scoresOnline || staleness > 0 || refresh > 1;
  if (scoreThreads === null && !atOnce) return { training: threads, scoring: threads };
  const scoring = scoreThreads ?? Math.max(1, Math.floor(threads / 2));
  return { training: Math.max(1, threads - scoring), scoring };
}

/** Where irreducible losses are scored online. */
export function onlineDevice(options: CandidateScoringOptions & DeviceOptions): DeviceOptions {
  const all = { ...exactScoring, ...options };
  return { device: all.scoreDevice ?? all.device, threads: threadBudget(all, 'rho', true).scoring! };
}

/** Whether candidates are scored outside the trainer. TensorFlow.js has no 8 bits. */
function scorerIsBeside(options: CandidateScoringOptions & Partial<EngineOptions>): boolean {
  const { scoring, staleness, refresh, scoreThreads, scoreDevice, engine = 'onnx' } = options;
  if (staleness > 0 || refresh > 1 || scoreThreads !== null || scoreDevice !== null) return true;
  return scoring === 'int8' && backendOf(engine) !== null;
}

/** What a trainer itself scores candidates in. */
export function trainersPrecision(options: CandidateScoringOptions & EngineOptions): 'fp32' | 'int8' {
  return options.scoring === 'int8' && !scorerIsBeside(options) ? 'int8' : 'fp32';
}

/** Whether scoring, choosing and stepping go into one graph, which gives the same bits and spares messages and waiting. */
export function selectsInOneGraph(
  { graph }: ModelFile,
  strategy: StrategyName,
  options: CandidateScoringOptions &
    EngineOptions &
    DeviceOptions & { readonly augment: unknown; readonly batchNorm: string },
): boolean {
  const { device, engine, scoring, reuse, augment, batchNorm } = options;
  const isPlain = scoring === 'exact' && reuse === null && augment === null && batchNorm === 'steps';
  const scoresLoss = strategy === 'rho' || strategy === 'loss';
  // Convolutions on the CPU take so long that it gains nothing there.
  const gains = device !== 'cpu' || !graph.nodes.some(({ op }) => op === 'Conv');
  return isPlain && scoresLoss && gains && backendOf(engine) === null && !scorerIsBeside(options);
}

/** What has to fit together. */
export interface CheckedScoring extends CandidateScoringOptions, EngineOptions {
  readonly threads: number;
  readonly batchNorm: string;
  readonly bigBatch: number;
  readonly smallBatch: number;
}

/** Throws a usage error where options of scoring do not go together. */
export function checkScoring(options: CheckedScoring, strategies: readonly StrategyName[]): void {
  const { scoring, shortlist, reuse, bigBatch, smallBatch, batchNorm, scoreEngine, threads, scoreThreads } = options;
  if (shortlist !== null && (shortlist < smallBatch || shortlist > bigBatch))
    throw usageError(
      `Cannot choose ${smallBatch} of a shortlist of ${shortlist} of ${bigBatch} candidates: pass --shortlist from ${smallBatch} to ${bigBatch}`,
    );
  if (scoreThreads !== null && scoreThreads > threads)
    throw usageError(
      `Cannot score with ${scoreThreads} of ${threads} threads: pass --score-threads up to ${threads}, or more --threads`,
    );
  if (reuse !== null && (reuse < smallBatch || reuse > bigBatch))
    throw usageError(
      `Cannot score ${reuse} of ${bigBatch} candidates to choose ${smallBatch}: pass --reuse from ${smallBatch} to ${bigBatch}`,
    );
  const normed = strategies.find((name) => strategyOf(name).needsGradientNorm);
  if (reuse !== null && normed !== undefined)
    throw usageError(
      `Cannot use --reuse with --strategy ${normed}: losses are kept from pass to pass, gradient norms are not; leave one of them away`,
    );
  if (!scorerIsBeside(options)) {
    if ((reuse !== null || scoring === 'int8') && batchNorm === 'candidates')
      throw usageError(
        'Cannot take running averages from candidates that are not all scored in full: pass --batch-norm steps, or leave --reuse and --scoring as they are',
      );
    if (shortlist !== null && scoring === 'exact' && reuse === null)
      throw usageError(
        'Cannot use --shortlist where all candidates are scored exactly: pass --staleness or --scoring as well, or leave it away',
      );
    return;
  }
  if (batchNorm === 'candidates')
    throw usageError(
      'Cannot take running averages from candidates that are scored beside the trainer: pass --batch-norm steps, or leave --staleness, --refresh and --scoring as they are',
    );
  if (scoreEngine === 'same')
    throw usageError(
      'Cannot score with --score-engine same beside the trainer: ONNX Runtime does that, leave --score-engine away',
    );
}

/** Opens what scores candidates beside a trainer; null where the trainer does it itself. */
export async function openCandidateScorer(
  { graph, name }: ModelFile,
  data: Dataset,
  strategy: StrategyName,
  trainer: Trainer,
  options: CandidateScoringOptions & DeviceOptions & EngineOptions,
): Promise<RefreshedScorer | null> {
  const { score, needsGradientNorm } = strategyOf(strategy);
  if (score === null || !scorerIsBeside(options)) return null;
  const precision = options.scoring === 'int8' ? 'int8' : 'fp32';
  return openRefreshedScorer(
    graph,
    {
      ...feedFrom(data, name),
      device: options.scoreDevice ?? options.device,
      threads: options.threads,
      outputs: needsGradientNorm ? ['loss', 'predicted', 'gradientNorm'] : ['loss', 'predicted'],
      precision,
      block: trainer.block,
    },
    new Set((await trainer.weights()).keys()),
  );
}
