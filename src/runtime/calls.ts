import { type ErrorKind, RhoError } from '../core/errors.ts';

/** Functions that a thread answers, by name. Arguments and results are plain data that can be posted. */
export type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

type Argument<H extends Handlers, M extends keyof H> = Parameters<H[M]>[0];
type Result<H extends Handlers, M extends keyof H> = Awaited<ReturnType<H[M]>>;

/** A thread that answers calls in the order they were made. */
export interface Thread<H extends Handlers> {
  /** Calls `method` there; the buffers in `transfer` are moved, not copied. Rejects if the thread fails or ends. */
  call<M extends keyof H & string>(
    method: M,
    argument: Argument<H, M>,
    transfer?: readonly ArrayBuffer[],
  ): Promise<Result<H, M>>;
  /**
   * Lets what was called finish, calls `last` with null, then ends the thread; whether `last` succeeds is not told. Once their
   * turn has come, both have ten seconds. A thread that is taken for dead is let be, as it may be computing.
   */
  stop(last?: keyof H & string): Promise<void>;
}

/** A thread that ended, or that is taken for dead, with calls it did not answer. */
export class ThreadFailure extends Error {}

/** How long a thread may take for an answer before it is taken for dead. */
export interface Patience {
  /** Seconds for the first answer of a method: how long it usually takes is not known before. */
  readonly first: number;
  /** Seconds for any other of it, or ten times the longest it has taken for as many bytes, if that is more. */
  readonly later: number;
}

/** A call on its way. */
export interface Request {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

/** An error as it crosses from thread to thread. */
export interface WireError {
  readonly message: string;
  /** Null for what is no error of ours. */
  readonly kind: ErrorKind | null;
  readonly stack: string | undefined;
}

/** What came of a call. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | {
      readonly id: number;
      readonly error: WireError;
    };

interface Pending extends Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** What a thread is to answer next. */
interface Asked {
  readonly method: string;
  /** Bytes that it is given to work on. */
  readonly bytes: number;
  /** Seconds that it may take; undefined leaves that to the patience with the thread. */
  readonly within: number | undefined;
}

/** The worker method that every thread answers: by then all calls before it are done. */
const farewell = 'farewell';
/** Seconds for an answer to what closes a thread: there is nothing to compute, and nobody needs the answer. */
const closingTime = 10;

/** A thread as its starter sees it. */
export interface StartedWorker {
  /** Sends a call; the buffers in `transfer` are moved. */
  post(request: Request, transfer: readonly ArrayBuffer[]): void;
  /** Ends it at once; it is idle. */
  end(): unknown;
  /** Leaves it to itself, as it may be computing. It is ended if it turns out to be idle. */
  leave(): void;
}

/** What a thread tells its starter. */
export interface WorkerEvents {
  readonly reply: (reply: Reply) => void;
  /** An answer came that cannot be read. */
  readonly unreadable: () => void;
  /** It is gone; `reason` is for an error message. */
  readonly fail: (reason: string) => void;
}

/**
 * Calls to a thread that `start` starts. `name` is for error messages. Without `patience` an answer may take any time.
 */
export function callThread<H extends Handlers>(
  start: (events: WorkerEvents) => StartedWorker,
  name: string,
  patience?: Patience,
): Thread<H> {
  const pending = new Map<number, Pending>();
  let nextId = 0;
  /** Calls that it has not answered, whether or not somebody still waits for them. */
  let unanswered = 0;
  let isLeft = false;
  let failure: Error | undefined;
  let stopped: Promise<void> | undefined;

  const fail = (reason: string) => {
    failure ??= new ThreadFailure(`The ${name} thread ended: ${reason}`);
    watch.off();
    for (const { reject } of pending.values()) reject(failure);
    pending.clear();
  };
  /** Fails a thread that still lives. */
  const giveUp = (reason: string) => {
    fail(reason);
    if (isLeft || unanswered === 0) return;
    isLeft = true;
    worker.leave();
  };
  const watch = watchdog(patience, (seconds) => giveUp(`no answer for ${Math.round(seconds)} s`));
  const reply = (reply: Reply) => {
    unanswered -= 1;
    // It was slow, and computes no more.
    if (isLeft && unanswered === 0) worker.end();
    const waiting = pending.get(reply.id);
    if (waiting === undefined) return;
    pending.delete(reply.id);
    watch.answered(pending.values().next().value);
    if ('error' in reply) waiting.reject(rebuildError(reply.error));
    else waiting.resolve(reply.result);
  };
  const unreadable = () => {
    unanswered -= 1;
    giveUp('an answer could not be read');
  };
  const worker = start({ reply, unreadable, fail });

  const post = (method: string, argument: unknown, transfer: readonly ArrayBuffer[] = [], within?: number) =>
    new Promise<unknown>((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      const id = nextId++;
      // A buffer that was moved before is empty: it must fail to be cloned, as in a list of moved ones it gets the message lost.
      const moved = transfer.filter(({ byteLength }) => byteLength > 0);
      worker.post({ id, method, argument }, moved);
      unanswered += 1;
      const bytes = moved.reduce((sum, { byteLength }) => sum + byteLength, 0);
      pending.set(id, { method, bytes, within, resolve, reject });
      if (pending.size === 1) watch.asked({ method, bytes, within });
    });

  return {
    call: (method, argument, transfer) => post(method, argument, transfer) as Promise<never>,
    stop(last) {
      const end = async () => {
        // A message behind the calls: ending a thread while ONNX Runtime computes aborts the process.
        const calls = [...(last === undefined ? [] : [last]), farewell];
        await Promise.allSettled(calls.map((method) => post(method, null, [], closingTime)));
        if (!isLeft) await worker.end();
      };
      stopped ??= end();
      return stopped;
    },
  };
}

/** Calls `bite` where a thread that was asked does not answer in time. */
function watchdog(patience: Patience | undefined, bite: (seconds: number) => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let began = 0;
  let asked: Asked = { method: '', bytes: 0, within: undefined };
  /** Seconds for a byte, by method. */
  const longest = new Map<string, number>();
  const wait = (seconds: number, done: () => void) => {
    timer = setTimeout(done, seconds * 1000);
  };
  const secondsFor = ({ method, bytes }: Asked): number | undefined => {
    const known = longest.get(method);
    return patience && (known === undefined ? patience.first : Math.max(patience.later, 10 * known * (1 + bytes)));
  };
  const watch = {
    /** To be called when it becomes the next to be answered: what a thread does for calls before is no part of it. */
    asked(next: Asked) {
      began = performance.now();
      asked = next;
      const seconds = next.within ?? secondsFor(next);
      // Half of it twice: a machine that was asleep finds its timers expired and the answer not yet read.
      if (seconds !== undefined) wait(seconds / 2, () => wait(seconds / 2, () => bite(seconds)));
    },
    off: () => clearTimeout(timer),
    /** `next` is what it is asked for besides. */
    answered(next: Asked | undefined) {
      clearTimeout(timer);
      const seconds = (performance.now() - began) / 1000;
      longest.set(asked.method, Math.max(longest.get(asked.method) ?? 0, seconds / (1 + asked.bytes)));
      if (next !== undefined) watch.asked(next);
    },
  };
  return watch;
}

/** Answers calls in a thread, one after another: takes each as it comes in, and gives what is to be sent back by `send`. */
export function answerCalls(
  handlers: Handlers,
  send: (reply: Reply, transfer: ArrayBuffer[]) => void,
): (request: Request) => void {
  let last: Promise<unknown> = Promise.resolve();
  return ({ id, method, argument }) => {
    last = last.then(async () => {
      try {
        const result = method === farewell ? undefined : await handlers[method]!(argument as never);
        send({ id, result }, transferable(result));
      } catch (error) {
        send({ id, error: toWire(error) }, []);
      }
    });
  };
}

/** The buffers of typed arrays found in a result, so that they are moved rather than copied. */
function transferable(value: unknown): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const visit = (part: unknown) => {
    if (ArrayBuffer.isView(part)) {
      if (part.buffer instanceof ArrayBuffer) buffers.add(part.buffer);
    } else if (typeof part === 'object' && part !== null) Object.values(part).forEach(visit);
  };
  visit(value);
  return [...buffers];
}

/** What was thrown, which need not be an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** What was thrown, to be sent. */
export function toWire(thrown: unknown): WireError {
  const { message, stack } = asError(thrown);
  return { message, kind: thrown instanceof RhoError ? thrown.kind : null, stack };
}

/** An error that was sent. */
export function rebuildError({ message, kind, stack }: WireError): Error {
  const error = kind === null ? new Error(message) : new RhoError(kind, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
