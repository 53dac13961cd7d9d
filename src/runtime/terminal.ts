import { performance } from 'node:perf_hooks';

/** Arguments behind the name of the program. */
export function commandLine(): readonly string[] {
  return process.argv.slice(2);
}

/** Writes data for whoever reads the output. */
export function writeOut(text: string): void {
  process.stdout.write(text);
}

/** Writes what is meant for the person in front of the screen. */
export function writeError(text: string): void {
  process.stderr.write(text);
}

/** How standard error is shown; `isTTY` is undefined off a terminal in some runtimes. */
export function errorScreen(): { readonly isTTY: boolean; readonly columns: number } {
  return { isTTY: process.stderr.isTTY === true, columns: process.stderr.columns || 80 };
}

/** Whether standard output is a terminal that wants colour (NO_COLOR, https://no-color.org). */
export function wantsColour(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}

/** Milliseconds of a clock that never goes back. */
export function now(): number {
  return performance.now();
}

/**
 * Ends the process with this exit code when everything that still runs has ended. At once then: while Node takes itself down, it no
 * longer handles signals, and Ctrl-C would turn a run that is done into an interrupted one.
 */
export function endWith(code: number): void {
  process.exitCode = code;
  process.once('beforeExit', () => process.exit());
}

/** Interrupts (Ctrl-C or SIGTERM) of what the process does. */
export interface Interrupts {
  /** Aborted at the first one; the second one ends the process at once, as it does by default. */
  readonly signal: AbortSignal;
  /** To be called when all is done: those that come now change nothing. */
  ignore(): void;
}

export function watchInterrupts(onFirst: () => void): Interrupts {
  const controller = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const interrupt = () => {
    // Not process.exit() at the second: while ONNX Runtime computes in a thread, Node aborts instead.
    for (const name of signals) process.off(name, interrupt);
    controller.abort();
    onFirst();
  };
  for (const name of signals) process.on(name, interrupt);
  return {
    signal: controller.signal,
    ignore() {
      for (const name of signals) process.off(name, interrupt).on(name, () => undefined);
    },
  };
}
