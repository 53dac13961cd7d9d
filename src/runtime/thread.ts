import { parentPort, Worker } from 'node:worker_threads';
import { answerCalls, asError, callThread, type Handlers, type Patience, type Thread } from './calls.ts';
import { leaveBehind } from './leftBehind.ts';

export { type Handlers, type Patience, type Thread, ThreadFailure } from './calls.ts';

/** The URL of a module beside this one, in the form that runs here: source as .ts, built as .js. */
export function siblingModule(name: string, importer: string): URL {
  return new URL(`${name}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer);
}

/**
 * Starts a thread that runs `module`, which calls `serveThread` with handlers of type H. `name` is for error messages. Without
 * `patience` an answer may take any time.
 */
export function startThread<H extends Handlers>(module: URL, name: string, patience?: Patience): Thread<H> {
  return callThread(
    ({ reply, unreadable, fail }) => {
      const worker = new Worker(module);
      worker.on('message', reply);
      worker.on('messageerror', unreadable);
      worker.on('error', (error) => fail(asError(error).message));
      worker.on('exit', (code) => fail(`exit code ${code}`));
      return {
        post: (request, transfer) => worker.postMessage(request, transfer),
        end: () => worker.terminate(),
        leave: () => leaveBehind(worker),
      };
    },
    name,
    patience,
  );
}

/** Answers calls in a thread, one after another. */
export function serveThread(handlers: Handlers): void {
  const port = parentPort;
  if (port === null) throw new Error('This module only runs as a thread');
  port.on(
    'message',
    answerCalls(handlers, (reply, transfer) => port.postMessage(reply, transfer)),
  );
}
