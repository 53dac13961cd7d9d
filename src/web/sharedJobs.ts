import { reportedLater } from '../core/reportedLater.ts';
import { type Jobs, startJobs } from './jobs.ts';
import type { NamedFile } from './protocol.ts';
import { fetchSample } from './sample.ts';

/** Files that cross to the worker in one message: telling of thousands at once would block the page. */
const filesPerMessage = 500;

/** The one worker of jobs that the sections of the page share. */
export interface SharedJobs {
  /** The worker, started when it is first needed, with all that was given; and with the sample where that is asked for. */
  readonly ready: (needsSample: boolean) => Promise<Jobs>;
  /** Gives files in place of those that were given under `folder` before. */
  readonly give: (folder: string, files: readonly NamedFile[]) => void;
}

/** Shares one worker, which nothing is fetched for before it is needed. */
export function sharedJobs(): SharedJobs {
  const given = new Map<string, readonly NamedFile[]>();
  let jobs: Jobs | undefined;
  let giving: Promise<unknown> = Promise.resolve();
  let sample: Promise<void> | undefined;

  const hand = (to: Jobs, folder: string) => {
    const files = given.get(folder) ?? [];
    giving = reportedLater(giving.then(() => giveInParts(to, folder, files)));
  };
  const start = () => {
    jobs = startJobs();
    for (const folder of given.keys()) hand(jobs, folder);
    return jobs;
  };
  const giveSample = async (to: Jobs) => {
    await to.call('give', { folder: '/rho-loss', files: await fetchSample() });
  };
  return {
    async ready(needsSample) {
      const started = jobs ?? start();
      if (needsSample) {
        sample ??= giveSample(started);
        await sample.catch((error) => {
          // It may be there the next time.
          sample = undefined;
          throw error;
        });
      }
      await giving;
      return started;
    },
    give(folder, files) {
      given.set(folder, files);
      if (jobs !== undefined) hand(jobs, folder);
    },
  };
}

async function giveInParts(jobs: Jobs, folder: string, files: readonly NamedFile[]): Promise<void> {
  let at = 0;
  do {
    await jobs.call('give', { folder, files: files.slice(at, at + filesPerMessage), more: at > 0 });
    at += filesPerMessage;
  } while (at < files.length);
}
