import type { Host } from '../jobs/host.ts';
import { toWire } from '../runtime/calls.ts';
import { handlers } from './handlers.ts';
import { noticeHost } from './noticeHost.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

// The worker of jobs: it has the files, and starts the workers that compute. Calls are answered as they are done, so that a
// store can be looked at, or a job cancelled, while another goes on.

const scope = globalThis as unknown as {
  onmessage: (event: { readonly data: ToWorker }) => void;
  postMessage(message: FromWorker): void;
};

/** What is under way, by the id of its call. */
const running = new Map<number, AbortController>();

scope.onmessage = async ({ data }) => {
  if ('cancel' in data) return running.get(data.cancel)?.abort();
  const { id, method, argument } = data;
  const abort = new AbortController();
  running.set(id, abort);
  const { host, flush } = noticeHost((notices) => scope.postMessage({ id, notices }), abort.signal);
  const handle = handlers[method as keyof typeof handlers] as (argument: unknown, host: Host) => Promise<unknown>;
  try {
    const result = await handle(argument, host);
    flush();
    scope.postMessage({ id, result });
  } catch (error) {
    flush();
    scope.postMessage({ id, error: toWire(error) });
  } finally {
    running.delete(id);
  }
};
