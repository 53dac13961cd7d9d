import type { Graph } from '../../onnx/graph.ts';
import type { Thread } from '../../runtime/thread.ts';
import type { Scorer } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import { loadScorer, opened, requireKnown, scorerOn } from './openScorer.ts';
import { prepareScoring, type ScorerOptions } from './scoringModel.ts';
import { startWorker } from './startWorker.ts';

export interface ScorerPoolOptions extends ScorerOptions {
  /** Threads with a session each, all of which share `threads`; default: one for each, as long as the weights fit. */
  readonly workers?: number | null;
}

/** Several scorers of one model, each in a thread of its own, as one. */
export interface ScorerPool extends Scorer {
  /** Batches that are computed at a time. */
  readonly workers: number;
  /** A batch is computed in runs of so many examples; a batch of whole runs wastes nothing. */
  readonly examplesPerRun: number;
}

/** Each session has a copy of the weights. */
const mostBytesOfWeights = 2 ** 30;

/** As many workers as threads, for two sessions of one thread do more than one of two; fewer where the model is large. */
function usualWorkers({ device, threads }: ScorerOptions, bytes: number): number {
  if (device !== 'cpu' && device !== 'wasm') return 1;
  return Math.max(1, Math.min(threads, Math.floor(mostBytesOfWeights / bytes)));
}

/**
 * Opens a model for scoring in several threads. A batch goes to the one with the least to do; which one that is depends on
 * timing, what it answers does not.
 */
export async function openScorerPool(model: Graph, options: ScorerPoolOptions): Promise<ScorerPool> {
  requireKnown(model, options);
  const first = startWorker('scorer');
  const scoring = await opened(first, prepareScoring(first, model, options));
  const workers = options.workers ?? usualWorkers(options, scoring.bytes.length);
  const device = { device: options.device, threads: Math.max(1, Math.floor(options.threads / workers)) };
  const open = async (thread: Thread<WorkerCalls>) => {
    await opened(thread, loadScorer(thread, scoring, device, { spins: workers === 1 }));
    return scorerOn(thread);
  };
  const threads = [first, ...Array.from({ length: workers - 1 }, () => startWorker('scorer'))];
  const opening = await Promise.allSettled(threads.map(open));
  const scorers = opening.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const close = async () => {
    await Promise.all(scorers.map((scorer) => scorer.close()));
  };
  const failed = opening.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  const waiting = scorers.map(() => 0);
  return {
    workers,
    examplesPerRun: scoring.examplesPerRun,
    async score(batch) {
      const chosen = waiting.indexOf(Math.min(...waiting));
      waiting[chosen]! += 1;
      try {
        return await scorers[chosen]!.score(batch);
      } finally {
        waiting[chosen]! -= 1;
      }
    },
    close,
  };
}
