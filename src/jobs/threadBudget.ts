import { type StrategyName, strategyOf } from '../core/selection.ts';
import type { Device, DeviceOptions } from '../engine/engine.ts';
import { backendOf, type EngineOptions } from '../engine/open.ts';
import { exactScoring } from './exactScoring.ts';
import { type CandidateScoringOptions, scorerIsBeside, scoresAhead } from './scoringForm.ts';

/** How the threads of a run are shared by its sides. A side on a GPU has all: it takes them from no other. */
export interface ThreadBudget {
  readonly training: number;
  /** Of what scores candidates beside the trainer; null where the trainer does, or nothing. */
  readonly scoring: number | null;
  /** Of what scores irreducible losses in the run; null where they are stored, or not needed. */
  readonly online: number | null;
}

/** What decides the threads of the sides. */
export type SharedThreads = CandidateScoringOptions & DeviceOptions & Partial<EngineOptions>;

/**
 * The threads of each side. Sides that take turns, as training and scoring with current weights do, have the same ones; sides
 * that work at the same time have together no more than those of the run, save that each has one at least.
 */
export function threadBudget(options: SharedThreads, strategy: StrategyName, online: boolean): ThreadBudget {
  const { threads, scoreThreads } = options;
  const { scoresBeside, scoresOnline, isAhead, trainsOnCpu, scoresOnCpu, apart, inTurns } = sidesOf(
    options,
    strategy,
    online,
  );
  const share = scoreThreads ?? Math.max(1, Math.floor(threads / Math.max(1, apart + inTurns)));
  const left = Math.max(1, threads - apart * share);
  const ofScorer = scoresOnCpu ? share : (scoreThreads ?? threads);
  const ofTurns = scoresOnCpu ? Math.min(scoreThreads ?? left, left) : ofScorer;
  return {
    training: trainsOnCpu ? left : threads,
    scoring: scoresBeside ? (isAhead ? ofScorer : ofTurns) : null,
    online: scoresOnline ? ofScorer : null,
  };
}

/** What `--score-threads` has to share. */
export interface ScorerThreads {
  /** Scorers that work while others do, each with so many threads of the CPU. */
  readonly scorers: number;
  /** Whether training goes on meanwhile, on the CPU as well. */
  readonly besideTraining: boolean;
  /** The most threads that each can have; 0 where there are too few to go round. */
  readonly most: number;
}

/** How many threads each scorer can have; null where none works beside the trainer. */
export function scorerThreads(options: SharedThreads, strategy: StrategyName, online: boolean): ScorerThreads | null {
  const { scoresBeside, scoresOnline, trainsOnCpu, apart, inTurns } = sidesOf(options, strategy, online);
  if (!scoresBeside && !scoresOnline) return null;
  const most = apart === 0 ? options.threads : Math.floor((options.threads - inTurns) / apart);
  return { scorers: Math.max(1, apart), besideTraining: apart > 0 && trainsOnCpu, most };
}

/** Where irreducible losses are scored online. */
export function onlineDevice(options: Partial<CandidateScoringOptions> & DeviceOptions): DeviceOptions {
  const all = { ...exactScoring, ...options };
  return { device: all.scoreDevice ?? all.device, threads: threadBudget(all, 'rho', true).online! };
}

function sidesOf(options: SharedThreads, strategy: StrategyName, online: boolean) {
  const { score, needsIrreducibleLoss } = strategyOf(strategy);
  const scoresBeside = score !== null && scorerIsBeside(options);
  const scoresOnline = needsIrreducibleLoss && online;
  const isAhead = scoresBeside && scoresAhead(options);
  // For TensorFlow.js, ONNX Runtime scores with the threads of the trainer.
  const isScoredFor = score !== null && !scoresBeside && options.scoreEngine !== 'same';
  const trainsOnCpu = !trainsOnGpu(options) || (isScoredFor && !isGpu(options.device));
  const scoresOnCpu = !isGpu(options.scoreDevice ?? options.device);
  return {
    ...{ scoresBeside, scoresOnline, isAhead, trainsOnCpu, scoresOnCpu },
    /** Scorers that share the CPU with all else that works at the same time. */
    apart: scoresOnCpu ? Number(isAhead) + Number(scoresOnline) : 0,
    /** 1 where training is on the CPU, or what takes turns with it. */
    inTurns: Number(trainsOnCpu || (scoresBeside && !isAhead && scoresOnCpu)),
  };
}

function trainsOnGpu({ engine = 'onnx', device }: SharedThreads): boolean {
  const backend = backendOf(engine);
  return backend === null ? isGpu(device) : backend === 'tfjs-node-gpu' || backend === 'webgpu';
}

function isGpu(device: Device): boolean {
  return device === 'cuda' || device === 'webgpu';
}
