import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import type { JobCalls, Notice } from '../../src/web/protocol.ts';
import { offerJobs, type RhoHandle } from './page.ts';

/** What came of a call in the page: its result, or the sentence that it failed with; and what it told. */
export interface Called<Name extends keyof JobCalls> {
  readonly result?: Awaited<ReturnType<JobCalls[Name]>>;
  readonly error?: string;
  readonly notices: readonly Notice[];
}

/** A file of the disk, or of bytes, that is given to the page under a path. */
export interface GivenFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** When so many units of a part of a job are done. */
export interface Moment {
  readonly label: string;
  readonly done: number;
}

/**
 * Calls a job in a worker of its own, which has the sample, and what is `given`. With `cancelAt` the call is cancelled as soon as it tells that so
 * much of a part is done.
 */
export async function callInPage<Name extends keyof JobCalls>(
  page: Page,
  name: Name,
  argument: Parameters<JobCalls[Name]>[0],
  { cancelAt = null, given = [] }: { readonly cancelAt?: Moment | null; readonly given?: readonly GivenFile[] } = {},
): Promise<Called<Name>> {
  type Passed = readonly [Name, Parameters<JobCalls[Name]>[0], Moment | null, { path: string; base64: string }[]];
  const call = async ([name, argument, cancelAt, given]: Passed) => {
    const { startJobs, fetchSample } = (globalThis as unknown as { rho: RhoHandle }).rho;
    const jobs = startJobs();
    const notices: Notice[] = [];
    const abort = new AbortController();
    const onNotice = (notice: Notice) => {
      notices.push(notice);
      if (cancelAt === null || notice.kind !== 'progress') return;
      const { label, done } = notice.progress;
      if (label === cancelAt.label && done >= cancelAt.done) abort.abort();
    };
    try {
      await jobs.call('give', { folder: '/rho-loss', files: await fetchSample() });
      const files = given.map(({ path, base64 }) => ({
        path,
        file: new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))]),
      }));
      await jobs.call('give', { folder: '/given', files });
      const result = await jobs.call(name, argument, { onNotice, signal: abort.signal });
      return { result, notices };
    } catch (error) {
      return { error: (error as Error).message, notices };
    } finally {
      jobs.end();
    }
  };
  const packed = given.map(({ path, bytes }) => ({ path, base64: Buffer.from(bytes).toString('base64') }));
  await offerJobs(page);
  // biome-ignore lint/suspicious/noExplicitAny: playwright cannot tell that the argument is plain data
  return page.evaluate(call as any, [name, argument, cancelAt, packed]) as Promise<Called<Name>>;
}

/** Downloads what the page keeps at `path` into a folder of the disk. */
export async function download(page: Page, path: string, into: string): Promise<void> {
  await offerJobs(page);
  const files = await page.evaluate(async (path) => {
    const jobs = (globalThis as unknown as { rho: RhoHandle }).rho.startJobs();
    const found = await jobs.call('files', path);
    const base64 = (file: Blob) =>
      new Promise<string>((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(String(reader.result).split(',')[1] ?? '');
        reader.readAsDataURL(file);
      });
    const read = await Promise.all(found.map(async ({ path, file }) => ({ path, bytes: await base64(file) })));
    jobs.end();
    return read;
  }, path);
  for (const { path: at, bytes } of files) {
    const target = join(into, at.slice(path.length));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, Buffer.from(bytes, 'base64'));
  }
}
