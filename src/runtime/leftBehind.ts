import { isMainThread, type Worker } from 'node:worker_threads';
import { runtimeName } from './host.ts';

const left = new Set<Worker>();
let uncaught: unknown;
const crashes = ['SIGSEGV', 'SIGBUS', 'SIGABRT'] as const;

/** Milliseconds that the end of the process waits for a thread that may only be slow. */
const grace = 5000;

/**
 * Leaves a thread that may be computing as it is: it holds up the end of the process for some seconds and no longer, and does not
 * spoil it. To be terminated when it turns out to be idle.
 *
 * Why it is not terminated (onnxruntime-node 1.30 on Node 20, 22 and 24): a thread that is terminated while ONNX Runtime
 * computes aborts the process (134) as soon as the computation is over, for its result can no longer be made. So does one that
 * was unref'd where the process comes to its own end, and one under process.exit() or process.reallyExit(): all of them
 * terminate the threads that are left and wait for them, for ever where a computation never ends. Bun aborts on terminate
 * alone, Deno never does. A thread in a loop of JavaScript could be terminated, but nothing tells it from one that computes.
 */
export function leaveBehind(worker: Worker): void {
  const timer = setTimeout(() => worker.unref(), grace);
  worker.once('exit', () => {
    clearTimeout(timer);
    left.delete(worker);
    if (left.size === 0) expectEnd('off');
  });
  if (left.size === 0) expectEnd('on');
  left.add(worker);
}

/** Sees to the end of the process on Node, where a thread can spoil it; elsewhere, and in a thread, it ends by itself. */
function expectEnd(change: 'on' | 'off'): void {
  if (runtimeName() !== 'node' || !isMainThread) return;
  process[change]('exit', endAtOnce);
  process[change]('uncaughtExceptionMonitor', keepUncaught);
}

function keepUncaught(error: unknown): void {
  uncaught = error;
}

/** Ends the process with an exit code, whatever its threads are at. */
function endAtOnce(code: number): void {
  // Node would tell it later than this.
  if (uncaught !== undefined) process.stderr.write(`${(uncaught as Error)?.stack ?? uncaught}\n`);
  try {
    // Threads that compute on while the libraries they are in are torn down may crash. A handler, which is never run now, keeps
    // them from taking the process along before it has ended (one of ten ended by SIGSEGV without). Windows stops them first.
    if (process.platform !== 'win32') for (const signal of crashes) process.on(signal, () => undefined);
    // Of all that Node 20 offers, only a WebAssembly program's exit is that of the C library, which waits for no thread.
    const { WASI } = process.getBuiltinModule('node:wasi');
    const wasi = new WASI({ version: 'preview1', returnOnExit: false });
    const program = new WebAssembly.Instance(
      new WebAssembly.Module(exitingWith(code)),
      wasi.getImportObject() as never,
    );
    wasi.start(program);
  } catch {
    // What comes is an abort or no end at all: rather the wrong exit code.
    process.kill(process.pid, 'SIGKILL');
  }
}

/** A WebAssembly program: (import "wasi_snapshot_preview1" "proc_exit") (memory 1) (func "_start" i32.const `code`, call 0). */
function exitingWith(code: number): Uint8Array<ArrayBuffer> {
  const text = (of: string) => [of.length, ...new TextEncoder().encode(of)];
  const section = (id: number, bytes: readonly number[]) => [id, bytes.length, ...bytes];
  const byte = code & 255;
  const body = [0, 0x41, (byte & 127) | 128, byte >> 7, 0x10, 0, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 1, 0x7f, 0, 0x60, 0, 0]),
    ...section(2, [1, ...text('wasi_snapshot_preview1'), ...text('proc_exit'), 0, 0]),
    ...section(3, [1, 1]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...text('memory'), 2, 0, ...text('_start'), 0, 1]),
    ...section(10, [1, body.length, ...body]),
  ]);
}
