import { type Standing, type TrainOptions, train } from '../loop/train.ts';
import { checkInterrupted, type Host } from './host.ts';

/** A training that goes on now and then, for others are measured in turns with it. */
export interface Turns {
  /** Trains on, `least` steps and `seconds` at least; resolves with the mean seconds of a step. */
  turn(seconds: number, least: number): Promise<number>;
  /** Ends where the last turn ended, and says where that was. */
  stop(): Promise<Standing>;
}

/** Begins at the first turn; ends it with an error where the user interrupts. */
export function trainInTurns(
  options: Omit<TrainOptions, 'steps' | 'evalEvery' | 'emit' | 'pausesAfter' | 'onPause'>,
  host: Host,
): Turns {
  const enough = new Error('Enough was measured');
  let standing: Standing = options.from;
  let steps = 0;
  let last = standing.seconds;
  let isOver: () => boolean = () => false;
  let goOn: () => void = () => undefined;
  let giveUp: () => void = () => undefined;
  let turnEnded: () => void = () => undefined;
  let training: Promise<void> | null = null;

  const begin = () =>
    train({
      ...options,
      steps: Number.MAX_SAFE_INTEGER,
      evalEvery: Number.MAX_SAFE_INTEGER,
      async emit(event) {
        if (event.type !== 'step') return;
        steps++;
        last = event.seconds;
      },
      pausesAfter: () => host.signal.aborted || isOver(),
      async onPause(at) {
        checkInterrupted(host, 'while it was measured');
        // It is called as well where scoring fails, which has an error of its own.
        if (!isOver()) return;
        standing = at;
        const next = new Promise<void>((resolve, reject) => {
          goOn = resolve;
          giveUp = () => reject(enough);
        });
        turnEnded();
        await next;
      },
    });

  return {
    async turn(seconds, least) {
      const from = standing.seconds;
      steps = 0;
      isOver = () => steps >= least && last - from >= seconds;
      const ended = new Promise<void>((resolve) => {
        turnEnded = resolve;
      });
      if (training === null) training = begin();
      else goOn();
      await Promise.race([ended, training]);
      return (standing.seconds - from) / steps;
    },
    async stop() {
      giveUp();
      await training?.catch((error: unknown) => {
        if (error !== enough) throw error;
      });
      return standing;
    },
  };
}
