import { type Patience, siblingModule, startThread, type Thread } from '../../runtime/thread.ts';
import type { WorkerCalls } from './calls.ts';

/** A thread that runs ONNX Runtime. */
export function startWorker(name: string, patience?: Patience): Thread<WorkerCalls> {
  return startThread<WorkerCalls>(siblingModule('worker', import.meta.url), name, patience);
}
