import { type Patience, startThread, type Thread } from '../../../runtime/web/thread.ts';
import type { WorkerCalls } from '../calls.ts';

/** A worker that runs ONNX Runtime. Bundlers know it by this form, in which it has its name once built. */
export function startWorker(name: string, patience?: Patience): Thread<WorkerCalls> {
  const open = () => new Worker(new URL('../worker.js', import.meta.url), { type: 'module', name });
  return startThread<WorkerCalls>(open, name, patience);
}
