import { RhoError } from '../core/errors.ts';
import { rebuildError } from '../runtime/calls.ts';
import type { FromWorker, JobCalls, Notice, ToWorker } from './protocol.ts';

/** What a call may have besides its argument. */
export interface CallOptions {
  /** Told what the job tells on its way. */
  readonly onNotice?: (notice: Notice) => void;
  /** Aborted to cancel the job, which then rejects with an error of the kind "interrupted". */
  readonly signal?: AbortSignal;
}

/** The jobs of the command line, in a worker. */
export interface Jobs {
  /** Rejects with a sentence for the user: a RhoError, or where it has no kind a defect. */
  call<Name extends keyof JobCalls>(
    name: Name,
    argument: Parameters<JobCalls[Name]>[0],
    options?: CallOptions,
  ): ReturnType<JobCalls[Name]>;
  /** Ends the worker and all that it started, at once: calls that wait reject. What a job has written is kept. */
  end(): void;
  /** Whether the worker is gone, by `end` or by what it could not survive: a new one has to be started. */
  hasEnded(): boolean;
}

interface Waiting extends CallOptions {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the worker of jobs. */
export function startJobs(): Jobs {
  const worker = new Worker(new URL('./jobWorker.js', import.meta.url), { type: 'module', name: 'jobs' });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let failure: Error | undefined;
  const post = (message: ToWorker) => worker.postMessage(message);
  const end = (reason: string) => {
    failure ??= new RhoError('failure', reason);
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
    // What it holds, as the lock of a store, is for the one that is started next.
    worker.terminate();
  };
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    const call = waiting.get(data.id);
    if (call === undefined) return;
    if ('notices' in data) {
      for (const notice of data.notices) call.onNotice?.(notice);
      return;
    }
    waiting.delete(data.id);
    if ('error' in data) call.reject(rebuildError(data.error));
    else call.resolve(data.result as never);
  };
  const fail = (reason: string) => end(`The worker of jobs ended: ${reason}; reload the page to go on`);
  worker.onmessageerror = () => fail('an answer could not be read');
  worker.onerror = ({ message }) => fail(message?.replace(/^Uncaught (Error: )?/, '') ?? 'its module does not load');
  return {
    call: (method, argument, options = {}) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        const id = nextId++;
        waiting.set(id, { ...options, resolve, reject });
        post({ id, method, argument });
        const cancel = () => post({ cancel: id });
        if (options.signal?.aborted) cancel();
        else options.signal?.addEventListener('abort', cancel, { once: true });
      }) as never,
    end: () => end('The worker of jobs was ended by its page; start another one'),
    hasEnded: () => failure !== undefined,
  };
}
