import { environmentError } from '../../core/errors.ts';
import type { Device } from '../engine.ts';

/** Milliseconds in which the news of a lost device may come after the error of a run that it made fail. */
const newsTime = 200;

/** Sees to it that what runs on a device ends with it. */
export interface DeviceWatch {
  /** What `work` gives. Rejects with an environment error where the device is lost before: a run may then never end. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Whether it is lost. */
  isLost(): boolean;
}

/** Watches a device; `lost` gives why it was lost, as part of a sentence, or never ends. */
export function watchDevice(device: Device, lost: Promise<string>): DeviceWatch {
  let loss: Error | undefined;
  const running = new Set<(reason: Error) => void>();
  lost.then((why) => {
    loss = environmentError(
      `Cannot go on with the device "${device}": ${why}; start it again to go on from what is written`,
    );
    for (const reject of running) reject(loss);
  });
  return {
    isLost: () => loss !== undefined,
    run: (work) =>
      new Promise((resolve, reject) => {
        if (loss !== undefined) return reject(loss);
        running.add(reject);
        work()
          .then(resolve, (error) => {
            setTimeout(() => reject(loss ?? error), newsTime);
          })
          .finally(() => running.delete(reject));
      }),
  };
}
