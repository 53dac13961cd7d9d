import { type StrategyName, strategyOf } from '../core/selection.ts';
import type { Device, DeviceOptions } from '../engine/engine.ts';
import { backendOf, type EngineOptions } from '../engine/open.ts';
import type { Graph } from '../onnx/graph.ts';
import { multiplyAdds } from '../onnx/multiplyAdds.ts';
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

/** What one step of a run works through. */
export interface StepWork {
  readonly bigBatch: number;
  readonly smallBatch: number;
  readonly reuse: number | null;
  readonly shortlist: number | null;
}

/**
 * What part of a step irreducible losses online are, 0 to 1, by the arithmetic of both models: a training step is three forwards.
 * Of models and flags alone, never of a clock, since threads decide last bits.
 */
export function irreducibleShare(
  il: Graph,
  target: Graph,
  { bigBatch, smallBatch, reuse, shortlist }: StepWork,
): number {
  const online = bigBatch * multiplyAdds(il);
  const forwards = (reuse ?? bigBatch) + (shortlist ?? 0) + 3 * smallBatch;
  return online / Math.max(1, online + forwards * multiplyAdds(target));
}

/**
 * The threads of each side. Sides that take turns, as training and scoring with current weights do, have the same ones; sides
 * that work at the same time have together no more than those of the run, save that each has one at least. Irreducible losses
 * online, `share` of the work of a step, null where they are not, have that part of the threads; where this is less than half a
 * thread, one that nobody else makes room for.
 */
export function threadBudget(options: SharedThreads, strategy: StrategyName, share: number | null): ThreadBudget {
  const { threads, scoreThreads } = options;
  const sides = sidesOf(options, strategy, share !== null);
  const { scoresBeside, scoresOnline, isAhead, trainsOnCpu, scoresOnCpu, ahead, inTurns } = sides;
  const online = keptOnline(options, sides, share);
  const rest = threads - online;
  const scoring = scoreThreads ?? Math.max(1, Math.floor(rest / Math.max(1, ahead + inTurns)));
  const left = Math.max(1, rest - ahead * scoring);
  const ofGpu = scoreThreads ?? threads;
  const ofTurns = Math.min(scoreThreads ?? left, left);
  return {
    training: trainsOnCpu ? left : threads,
    scoring: scoresBeside ? (scoresOnCpu ? (isAhead ? scoring : ofTurns) : ofGpu) : null,
    online: scoresOnline ? (scoresOnCpu ? Math.max(1, online) : ofGpu) : null,
  };
}

/** Threads that the other sides leave to irreducible losses online; 0 where they are so small a part that they share those. */
function keptOnline(
  { threads, scoreThreads }: SharedThreads,
  { scoresOnline, scoresOnCpu, ahead, inTurns }: Sides,
  share: number | null,
): number {
  if (!scoresOnline || !scoresOnCpu) return 0;
  return scoreThreads ?? Math.min(Math.round(share! * threads), Math.max(0, threads - ahead - inTurns));
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
  const { scoresBeside, scoresOnline, scoresOnCpu, trainsOnCpu, ahead, inTurns } = sidesOf(options, strategy, online);
  if (!scoresBeside && !scoresOnline) return null;
  const apart = ahead + Number(scoresOnline && scoresOnCpu);
  const most = apart === 0 ? options.threads : Math.floor((options.threads - inTurns) / apart);
  return { scorers: Math.max(1, apart), besideTraining: apart > 0 && trainsOnCpu, most };
}

/** Where irreducible losses are scored online. */
export interface OnlineDevice extends DeviceOptions {
  /** Whether its thread is one more than those of the run. */
  readonly isExtra: boolean;
}

/** Where irreducible losses are scored online that are `share` of the work of a step. */
export function onlineDevice(options: Partial<CandidateScoringOptions> & DeviceOptions, share: number): OnlineDevice {
  const all = { ...exactScoring, ...options };
  const sides = sidesOf(all, 'rho', true);
  return {
    device: all.scoreDevice ?? all.device,
    threads: threadBudget(all, 'rho', share).online!,
    isExtra: sides.scoresOnCpu && sides.ahead + sides.inTurns > 0 && keptOnline(all, sides, share) === 0,
  };
}

type Sides = ReturnType<typeof sidesOf>;

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
    /** 1 where candidates are scored on the CPU while all else works. */
    ahead: Number(isAhead && scoresOnCpu),
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
