import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../../src/jobs/host.ts';
import { whileLocked } from '../../src/jobs/runLock.ts';
import { makeFolder } from '../../src/runtime/files.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rho-lock-'));
});
afterAll(() => rm(root, { recursive: true }));

function hostOf(begin: () => Promise<void>): Host {
  const nothing = () => undefined;
  const progress = { start: nothing, update: nothing, finish: nothing };
  return { progress, say: nothing, signal: new AbortController().signal, afterInterrupt: () => 'go on', begin };
}

test('one job at a time writes a run: one that is there from the beginning, a new one since it has begun', async () => {
  const folder = join(root, 'run');
  const host = hostOf(() => makeFolder(folder));
  const second = () => whileLocked(folder, host, async () => 'second');
  const refusal = {
    kind: 'data',
    message: `Cannot write run "${folder}": the process ${process.pid} is writing into it; wait for it to end, or end it`,
  };
  const first = await whileLocked(folder, host, async (locking) => {
    // Nothing is there before it begins.
    expect(await readdir(root)).toEqual([]);
    await locking.begin();
    await locking.begin();
    await expect(second()).rejects.toMatchObject(refusal);
    return 'first';
  });
  expect([first, await readdir(folder)]).toEqual(['first', []]);
  await whileLocked(folder, host, async () => {
    await expect(second()).rejects.toMatchObject(refusal);
  });
  await expect(whileLocked(folder, host, () => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
  expect(await second()).toBe('second');
});
