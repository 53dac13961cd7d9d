import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, vi } from 'vitest';
import type { StepEvent, TrainEvent } from '../../src/loop/events.ts';
import { timeless } from '../loop/events.ts';

export const root: string = join(import.meta.dirname, '../..');

export type Runtime = 'node' | 'deno' | 'bun';

/** How each runtime runs the command. */
const programs: Readonly<Record<Runtime, readonly [string, ...string[]]>> = {
  node: [process.execPath, join(root, 'dist/cli.js')],
  deno: [join(root, 'node_modules/.bin/deno'), 'run', '-A', join(root, 'src/cli.ts')],
  bun: [join(root, 'node_modules/.bin/bun'), join(root, 'src/cli.ts')],
};

/** Whether a runtime is installed. */
export function hasRuntime(runtime: Runtime): boolean {
  return existsSync(programs[runtime][0]);
}

/** What an ended process leaves behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process on its way. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has written to standard error so far. */
  stderr(): string;
  isRunning(): boolean;
}

export interface StartOptions {
  readonly runtime?: Runtime;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts `rho` with these words in a process of its own, which is killed if it hangs. */
export function startRho(
  words: readonly string[],
  { runtime = 'node', cwd = root, env = process.env }: StartOptions = {},
): Started {
  const [program, ...before] = programs[runtime];
  const child = spawn(program, [...before, ...words], { cwd, env, timeout: 50_000, killSignal: 'SIGKILL' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text: string) => {
      output[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return {
    child,
    ended,
    stderr: () => output.stderr,
    isRunning: () => child.exitCode === null && child.signalCode === null,
  };
}

/** Runs `rho` on Node to its end, in a process of its own. */
export function rhoProcess(...words: string[]): Promise<Ended> {
  return startRho(words).ended;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `rho` to its end in this process, which spares the start of another: one at a time, for they share what they write to.
 * What concerns the process itself is for `rhoProcess`, `startRho` and `interrupt`: signals, streams, and that it ends.
 */
export function rho(...words: string[]): Promise<Ended> {
  const ended = last.then(() => runHere(words));
  last = ended.catch(() => undefined);
  return ended;
}

async function runHere(words: readonly string[]): Promise<Ended> {
  const { runProgram } = await import('../../src/commands/program.ts');
  const output = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      output[name] += text;
      return true;
    }),
  );
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const listeners = signals.map((signal) => process.listeners(signal));
  const { argv } = process;
  process.argv = [...programs.node, ...words];
  try {
    return { code: await runProgram(words), signal: null, ...output };
  } finally {
    process.argv = argv;
    for (const spy of spies) spy.mockRestore();
    for (const [i, signal] of signals.entries())
      for (const listener of process.listeners(signal))
        if (!listeners[i]!.includes(listener)) process.off(signal, listener);
    // Else a process of its own would not have ended: a thread is seen by its port.
    expect(process.getActiveResourcesInfo()).not.toContain('MessagePort');
  }
}

/** Starts a command and sends it a signal as soon as `moment` has come, told by what it has written to standard error. */
export async function interrupt(
  words: readonly string[],
  signal: 'SIGKILL' | 'SIGINT',
  moment: (stderr: string) => boolean,
  options: StartOptions = {},
): Promise<Ended> {
  const started = startRho(words, options);
  while (started.isRunning() && !moment(started.stderr())) await new Promise((resolve) => setTimeout(resolve, 1));
  started.child.kill(signal);
  return started.ended;
}

/** Runs `rho … --json`, which has to succeed, and gives the object it printed: one line and nothing else. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the command prints
export async function rhoJson(...words: string[]): Promise<any> {
  const { code, stdout, stderr } = await rho(...words, '--json');
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^\{.*\}\n$/);
  return JSON.parse(stdout);
}

/** Expects that `rho` refused: this exit code, one sentence on standard error and nothing on standard output. */
export function expectRefusal({ code, stdout, stderr }: Ended, exitCode: number, sentence: RegExp | string): void {
  expect(stderr).toMatch(/^rho: [A-Z][^\n]*[^\n.]\n$/);
  if (typeof sentence === 'string') expect(stderr).toContain(sentence);
  else expect(stderr).toMatch(sentence);
  expect(code).toBe(exitCode);
  expect(stdout).toBe('');
}

/** A folder for all tests of the file that calls this, removed at its end. */
export async function sharedFolder(): Promise<{ at(...names: string[]): string }> {
  const folder = await mkdtemp(join(tmpdir(), 'rho-cli-'));
  afterAll(() => rm(folder, { recursive: true }));
  return { at: (...names) => join(folder, ...names) };
}

/** The first digits of the sample as unpacked IDX files in `folder`. */
export async function writeDigits(folder: string, { train, test }: { train: number; test: number }): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [prefix, count] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    await writeCut(folder, `${prefix}-images-idx3-ubyte`, 16, 784 * count, count);
    await writeCut(folder, `${prefix}-labels-idx1-ubyte`, 8, count, count);
  }
}

async function writeCut(folder: string, name: string, header: number, bytes: number, count: number): Promise<void> {
  const packed = await readFile(join(root, 'data/mnist-sample', `${name}.gz`));
  const cut = gunzipSync(packed).subarray(0, header + bytes);
  // The number of examples stands behind the magic number.
  cut.writeUInt32BE(count, 4);
  await writeFile(join(folder, name), cut);
}

/** The lines of the event file of a run, so far. */
export function eventLines(folder: string): number {
  const path = join(folder, 'events.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

/** The events of a run. */
export async function readEventsOf(folder: string): Promise<readonly TrainEvent[]> {
  const lines = (await readFile(join(folder, 'events.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** The ids of each step of a run. */
export async function selectedIds(folder: string): Promise<readonly (readonly number[])[]> {
  const steps = (await readEventsOf(folder)).filter((event): event is StepEvent => event.type === 'step');
  return steps.map(({ ids }) => ids);
}

/** Everything a run decided: its events without what is measured of time, and the bytes of its target. */
export async function resultOf(folder: string): Promise<{ readonly events: unknown[]; readonly target: string }> {
  const events = (await readEventsOf(folder)).map(timeless);
  return { events, target: (await readFile(join(folder, 'target.onnx'))).toString('base64') };
}

/** Makes a run folder one of an older program, which wrote options without a value too; `change` turns them into what it recorded. */
export async function makeOld(run: string, change: (options: Record<string, unknown>) => void): Promise<void> {
  const path = join(run, 'config.json');
  const { without, ...config } = JSON.parse(await readFile(path, 'utf8'));
  const options = { ...config.options, ...Object.fromEntries(without.map((name: string) => [name, null])) };
  change(options);
  await writeFile(path, JSON.stringify({ ...config, options }));
}

/** All files in a folder and those below it, sorted. */
export async function filesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
