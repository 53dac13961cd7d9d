import { dataError } from '../../core/errors.ts';
import { joinPath } from './paths.ts';

/**
 * Takes a lock and returns what gives it back. Throws a data error where another tab or worker of this site has it; the
 * browser gives back the lock of one that is gone.
 */
export function takeLock(path: string, what: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const name = `rho-loss:${joinPath('/', path)}`;
    const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null)
        throw dataError(`Cannot write ${what}: another tab is writing into it; wait for it to end, or close it`);
      return new Promise<void>((giveBack) => {
        resolve(async () => {
          giveBack();
          await held;
        });
      });
    });
    held.catch(reject);
  });
}
