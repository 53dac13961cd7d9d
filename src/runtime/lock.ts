import { open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dataError } from '../core/errors.ts';
import { attempt } from './files.ts';

/**
 * Takes a lock file and returns what gives it back. Throws a data error where a process of this machine that still runs has
 * it; what a killed process, or one of another machine, left behind is taken over.
 */
export function takeLock(path: string, what: string): Promise<() => Promise<void>> {
  return attempt('write', path, () => takeOrRefuse(path, what));
}

async function takeOrRefuse(path: string, what: string): Promise<() => Promise<void>> {
  const mine = `${process.pid} ${hostname()}`;
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(mine).finally(() => file.close());
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid, host] = (await readFile(path, 'utf8').catch(() => '')).split(' ');
    if (host === hostname() && isRunning(Number(pid)))
      throw dataError(`Cannot write ${what}: the process ${pid} is writing into it; wait for it to end, or end it`);
    await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    // Signal 0 asks and does nothing.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
