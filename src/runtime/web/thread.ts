import {
  answerCalls,
  callThread,
  type Handlers,
  type Patience,
  type Reply,
  type Request,
  type Thread,
} from '../calls.ts';

export { type Handlers, type Patience, type Thread, ThreadFailure } from '../calls.ts';

/**
 * Calls to the worker that `open` opens: bundlers have to see `new Worker(new URL(…))` where the name of the module stands.
 * The rest is as in Node.
 */
export function startThread<H extends Handlers>(open: () => Worker, name: string, patience?: Patience): Thread<H> {
  return callThread(
    ({ reply, unreadable, fail }) => {
      const worker = open();
      worker.onmessage = ({ data }: MessageEvent<Reply>) => reply(data);
      worker.onmessageerror = unreadable;
      worker.onerror = (event) => {
        // Else it would go on to whoever started this thread, and pass for an error of this one.
        event.preventDefault();
        // An event without a message: the module could not be loaded.
        fail(event.message?.replace(/^Uncaught (Error: )?/, '') ?? 'its module does not load');
      };
      const end = () => worker.terminate();
      // A browser ends a worker that computes without harm.
      return { post: (request, transfer) => worker.postMessage(request, [...transfer]), end, leave: end };
    },
    name,
    patience,
  );
}

/** What is used of the global scope of a worker. */
interface WorkerScope {
  onmessage: ((event: { readonly data: Request }) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
}

/** Answers calls in a worker, one after another. */
export function serveThread(handlers: Handlers): void {
  const scope = globalThis as unknown as WorkerScope;
  const answer = answerCalls(handlers, (reply, transfer) => scope.postMessage(reply, transfer));
  scope.onmessage = ({ data }) => answer(data);
}
