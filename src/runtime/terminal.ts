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

/** The exit code for when everything that still runs has ended. */
export function setExitCode(code: number): void {
  process.exitCode = code;
}

/** Aborted at the first interrupt (Ctrl-C or SIGTERM); the second one ends the process at once, as it does by default. */
export function interruptSignal(onFirst: () => void): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    controller.abort();
    onFirst();
  };
  // Not process.exit() at the second: while ONNX Runtime computes in a thread, Node aborts instead.
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller.signal;
}
