import { RhoError } from '../core/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import type { TrainEvent } from '../loop/events.ts';
import type { Progress } from '../report/progress.ts';

/** What a job may use of the world around it. */
export interface Host {
  readonly progress: Progress;
  /** Tells the user something in a line. */
  readonly say: (line: string) => void;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  /** What to do after that, as of now, such as `go on with "rho run --resume DIR"`. */
  readonly afterInterrupt: () => string;
  /** Called when all that can be refused has been checked and work begins: makes the folder of a run. */
  readonly begin: () => Promise<void>;
  /** Told of the data that the target in `folder` is trained on, before it is. */
  readonly onData?: (data: Dataset, folder: string) => void;
  /** Told of each event of a target, as it is written into the folder of its run. */
  readonly onEvent?: (event: TrainEvent, folder: string) => void;
}

/** Throws where the user has interrupted; `when` says what was under way. */
export function checkInterrupted({ signal, afterInterrupt }: Host, when: string): void {
  if (signal.aborted) throw new RhoError('interrupted', `Interrupted ${when}: ${afterInterrupt()}`);
}

/** What `work` gives, or the error of an interruption as soon as there is one: what was begun then ends unheard. */
export function untilInterrupted<T>(host: Host, when: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      try {
        checkInterrupted(host, when);
      } catch (error) {
        reject(error);
      }
    };
    host.signal.addEventListener('abort', stop);
    stop();
    work.then(resolve, reject).finally(() => host.signal.removeEventListener('abort', stop));
  });
}
