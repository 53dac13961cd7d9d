import { type StrategyName, strategyOf } from '../core/selection.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Device, DeviceOptions, RefreshedScorer, Trainer } from '../engine/engine.ts';
import { backendOf, type EngineOptions } from '../engine/open.ts';
import { openRefreshedScorer } from '../engine/ort/openScorer.ts';
import type { ScoringPlan } from '../loop/plan.ts';
import type { TrainOptions } from '../loop/train.ts';
import { feedFrom, type ModelFile } from './model.ts';
import type { ThreadBudget } from './threadBudget.ts';
import type { ScoringForm } from './trainingNames.ts';

export { type ScoringForm, scoringForms } from './trainingNames.ts';

/** How candidates are scored, as on the command line. */
export interface CandidateScoringOptions extends ScoringPlan {
  readonly scoring: ScoringForm;
  /** Candidates of a step that are scored, the others keeping their last losses; null scores all. */
  readonly reuse: number | null;
  /** Passes after which a loss is not reused any more. */
  readonly reuseEpochs: number;
  /** Candidates that the trainer scores again, exactly, to choose from those; null chooses by the first scores. */
  readonly shortlist: number | null;
  /** Of the threads of a run, those of each scorer beside the trainer; null shares evenly what works at the same time. */
  readonly scoreThreads: number | null;
  /** Where candidates are scored, and irreducible losses online; null scores where the target is trained. */
  readonly scoreDevice: Device | null;
}

/** Whether candidates are scored outside the trainer. TensorFlow.js has no 8 bits; before it is chosen, its name is short. */
export function scorerIsBeside(options: CandidateScoringOptions & Partial<EngineOptions>): boolean {
  const { scoring, scoreDevice, engine = 'onnx' } = options;
  return scoresAhead(options) || scoreDevice !== null || (scoring === 'int8' && engine.startsWith('tfjs'));
}

/** Whether candidates are scored while a step before theirs is trained: with other weights than current ones they are. */
export function scoresAhead({ staleness, refresh }: ScoringPlan): boolean {
  return staleness > 0 || refresh > 1;
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

/** What the loop has to know of how candidates are scored; `perEpoch` steps are a pass. */
export function loopScoring(
  {
    staleness,
    refresh,
    scoring,
    reuse,
    reuseEpochs,
    shortlist,
    batchNorm,
  }: CandidateScoringOptions & {
    readonly batchNorm: string;
  },
  scorer: RefreshedScorer | null,
  perEpoch: number,
): Pick<TrainOptions, 'scorer' | 'isExact' | 'scoringChangesTrainer' | 'plan' | 'reuse' | 'shortlist'> {
  return {
    scorer,
    isExact: scorer === null && scoring === 'exact',
    scoringChangesTrainer: batchNorm === 'candidates',
    plan: { staleness, refresh },
    reuse: reuse === null ? null : { count: reuse, steps: reuseEpochs * perEpoch },
    shortlist,
  };
}

/** Opens what scores candidates beside a trainer with so many threads; null where the trainer does it itself. */
export async function openCandidateScorer(
  { graph, name }: ModelFile,
  data: Dataset,
  strategy: StrategyName,
  trainer: Trainer,
  options: CandidateScoringOptions & DeviceOptions,
  threads: ThreadBudget['scoring'],
): Promise<RefreshedScorer | null> {
  if (threads === null) return null;
  const { needsGradientNorm } = strategyOf(strategy);
  const precision = options.scoring === 'int8' ? 'int8' : 'fp32';
  return openRefreshedScorer(
    graph,
    {
      ...feedFrom(data, name),
      device: options.scoreDevice ?? options.device,
      threads,
      outputs: needsGradientNorm ? ['loss', 'predicted', 'gradientNorm'] : ['loss', 'predicted'],
      precision,
      block: trainer.block,
    },
    new Set((await trainer.weights()).keys()),
  );
}
