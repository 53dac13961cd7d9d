import { exists, joinPath } from '../runtime/files.ts';
import { takeLock } from '../runtime/lock.ts';
import type { Host } from './host.ts';

const lockName = 'writing.lock';

/**
 * Runs a job that writes into the run `folder`, which nobody else may do meanwhile: a data error. The folder of a new run is locked as
 * soon as the job has begun it, with the host that `work` is given.
 */
export async function whileLocked<T>(folder: string, host: Host, work: (host: Host) => Promise<T>): Promise<T> {
  let taken: Promise<() => Promise<void>> | undefined;
  const take = async () => {
    taken ??= takeLock(joinPath(folder, lockName), `run "${folder}"`);
    await taken;
  };
  const begin = async () => {
    await host.begin();
    await take();
  };
  try {
    if (await exists(folder)) await take();
    return await work({ ...host, begin });
  } finally {
    const unlock = await taken?.catch(() => undefined);
    await unlock?.();
  }
}
