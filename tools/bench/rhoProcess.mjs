import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const run = promisify(execFile);

/** What `rho` prints with --json, in a process of its own: no run leaves a warm or a torn heap to the next. */
export async function rhoJson(command, ...flags) {
  try {
    const { stdout } = await run(process.execPath, [cli, command, ...flags.map(String), '--json'], {
      maxBuffer: 2 ** 28,
    });
    return JSON.parse(stdout);
  } catch (error) {
    const last = error.stderr?.trim().split('\n').at(-1);
    throw new Error(`rho ${command} ${flags.join(' ')}: ${last || error.message}`);
  }
}

/** The events of a run of `rho train` into `folder`; one that stands there finished is only read. */
export async function trainedEvents(folder, flags) {
  if (!existsSync(join(folder, 'report.json'))) {
    await rm(folder, { recursive: true, force: true });
    await rhoJson('train', ...flags, '--out', folder);
  }
  const lines = (await readFile(join(folder, 'events.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}
