import { reportedLater } from '../core/reportedLater.ts';
import { movedTo } from './choose/paths.ts';
import { type Jobs, startJobs } from './jobs.ts';
import type { NamedFile } from './protocol.ts';
import { fetchSample } from './sample.ts';

/** Files that cross to the worker in one message: telling of thousands at once would block the page. */
const filesPerMessage = 100;

/** Files of one choice. */
export interface GivenFiles {
  readonly place: string;
  readonly folder: string;
  readonly files: readonly NamedFile[];
}

/** The one worker of jobs that the sections of the page share. */
export interface SharedJobs {
  /** The worker, started when it is first needed, with all that was given; and with the sample where that is asked for. */
  readonly ready: (needsSample: boolean) => Promise<Jobs>;
  /** Gives files that are named under `place`, under `folder` instead; nothing where they were given there before. */
  readonly give: (given: GivenFiles) => void;
}

/** Shares one worker, which nothing is fetched for before it is needed. */
export function sharedJobs(): SharedJobs {
  const given = new Map<string, GivenFiles>();
  let jobs: Jobs | undefined;
  let giving: Promise<unknown> = Promise.resolve();
  let sample: Promise<void> | undefined;

  const hand = (to: Jobs, files: GivenFiles) => {
    giving = reportedLater(giving.then(() => giveInParts(to, files)));
  };
  const start = () => {
    jobs = startJobs();
    for (const files of given.values()) hand(jobs, files);
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
    give(files) {
      // A job may be reading them.
      if (given.has(files.folder)) return;
      given.set(files.folder, files);
      if (jobs !== undefined) hand(jobs, files);
    },
  };
}

async function giveInParts(jobs: Jobs, { place, folder, files }: GivenFiles): Promise<void> {
  for (let at = 0; at < files.length; at += filesPerMessage) {
    const part = files.slice(at, at + filesPerMessage);
    const moved = part.map(({ path, file }) => ({ path: movedTo(folder, place, path), file }));
    await jobs.call('give', { folder, files: moved, more: at > 0 });
  }
}
