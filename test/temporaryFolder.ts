import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A folder of its own for each test of the file that calls this, removed afterwards. */
export function temporaryFolder(): { at(...names: string[]): string } {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rho-test-'));
  });
  afterEach(() => rm(root, { recursive: true }));
  return { at: (...names) => join(root, ...names) };
}
