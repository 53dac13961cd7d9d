import { RhoError } from '../core/errors.ts';
import type { Progress } from '../report/progress.ts';

/** What a job may use of the world around it. */
export interface Host {
  readonly progress: Progress;
  /** Tells the user something in a line. */
  readonly say: (line: string) => void;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Throws where the user has interrupted; `hint` says how to go on. */
export function checkInterrupted(signal: AbortSignal, hint: string): void {
  if (signal.aborted) throw new RhoError('interrupted', `Interrupted: ${hint}`);
}
