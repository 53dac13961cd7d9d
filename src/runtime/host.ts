import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The JavaScript runtime this runs in. Everything that differs between them asks here. */
export function runtimeName(): 'node' | 'deno' | 'bun' {
  if (process.versions.bun !== undefined) return 'bun';
  return process.versions.deno === undefined ? 'node' : 'deno';
}

/** Cores that threads can run on at the same time. */
export function availableThreads(): number {
  return availableParallelism();
}

/** What results depend on, as recorded in every run and store. */
export interface Versions {
  readonly rhoLoss: string;
  readonly onnxruntime: string;
  readonly runtime: string;
  readonly platform: string;
}

/** The versions of what runs now. */
export function versions(): Versions {
  const runtime = runtimeName();
  return {
    rhoLoss: packageVersion(),
    onnxruntime: versionOf('onnxruntime-node') ?? 'absent',
    runtime: `${runtime} ${process.versions[runtime]}`,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** The version of this package. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

/** The version of an installed package; null where it is not installed. */
export function versionOf(name: string): string | null {
  try {
    return createRequire(import.meta.url)(`${name}/package.json`).version;
  } catch {
    return versionBehind(name);
  }
}

/** The same for a package that does not give its package.json away. */
function versionBehind(name: string): string | null {
  try {
    const main = createRequire(import.meta.url).resolve(name);
    const folder = main.slice(0, main.lastIndexOf(name) + name.length);
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  } catch {
    return null;
  }
}

/** The path of a file that ships with this package, from the working directory where that is shorter. */
export function packageFile(path: string): string {
  const absolute = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const fromHere = relative(process.cwd(), absolute);
  return fromHere.length < absolute.length && !fromHere.startsWith('..') ? fromHere : absolute;
}

/** The value of an environment variable; undefined where it is not set. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}
