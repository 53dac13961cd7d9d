import type { Page } from 'playwright-core';
import type { JobCalls } from '../../src/web/protocol.ts';
import { offerJobs, type RhoHandle } from './page.ts';

/** A job on its way in a page. */
export interface StartedJob {
  /** Waits until so many units of a part are done. */
  reached(label: string, done: number): Promise<void>;
  /** Its result, or the sentence that it failed with. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the job gives
  ended(): Promise<{ readonly result?: any; readonly error?: string }>;
}

interface JobHandle {
  readonly done: Record<string, number>;
  readonly ended: ReturnType<StartedJob['ended']>;
}

/**
 * Starts a job in a worker of its own, which has the sample, and the files of the disk `given` by path, read as the page reads
 * what a user chooses.
 */
export async function startInPage<Name extends keyof JobCalls>(
  page: Page,
  name: Name,
  argument: Parameters<JobCalls[Name]>[0],
  given: Readonly<Record<string, string>> = {},
): Promise<StartedJob> {
  await offerJobs(page);
  await page.evaluate(() => {
    const input = Object.assign(document.createElement('input'), { type: 'file', multiple: true, id: 'for-tests' });
    document.getElementById(input.id)?.remove();
    document.body.append(input);
  });
  await page.setInputFiles('#for-tests', Object.values(given));
  const start = async ([name, argument, paths]: readonly [Name, Parameters<JobCalls[Name]>[0], string[]]) => {
    const { startJobs, fetchSample } = (globalThis as unknown as { rho: RhoHandle }).rho;
    const jobs = startJobs();
    const chosen = [...(document.getElementById('for-tests') as HTMLInputElement).files!];
    await jobs.call('give', { folder: '/rho-loss', files: await fetchSample() });
    await jobs.call('give', { folder: '/given', files: chosen.map((file, i) => ({ path: paths[i]!, file })) });
    const done: Record<string, number> = {};
    const ended = jobs
      .call(name, argument, {
        onNotice(notice) {
          if (notice.kind === 'progress') done[notice.progress.label] = notice.progress.done;
        },
      })
      .then(
        (result) => ({ result }),
        (error: Error) => ({ error: error.message }),
      )
      .finally(() => jobs.end());
    Object.assign(globalThis, { startedJob: { done, ended } });
  };
  // biome-ignore lint/suspicious/noExplicitAny: playwright cannot tell that the argument is plain data
  await page.evaluate(start as any, [name, argument, Object.keys(given)]);
  return {
    async reached(label, done) {
      const isReached = ([label, done]: readonly [string, number]) => {
        const { startedJob } = globalThis as unknown as { startedJob: JobHandle };
        return (startedJob.done[label] ?? 0) >= done;
      };
      await page.waitForFunction(isReached, [label, done] as const, { polling: 20 });
    },
    ended: () => page.evaluate(() => (globalThis as unknown as { startedJob: JobHandle }).startedJob.ended),
  };
}
