import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

/** What a folder is to hold, by path inside it. */
export type Files = Readonly<Record<string, Uint8Array | string>>;

/** Makes folders with the files given, each call one; all are removed when the tests of the file that calls this are over. */
export function dataFolders(): (files: Files) => Promise<string> {
  const roots: string[] = [];
  afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true }))));
  return async (files) => {
    const folder = await mkdtemp(join(tmpdir(), 'rho-data-'));
    roots.push(folder);
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return folder;
  };
}
