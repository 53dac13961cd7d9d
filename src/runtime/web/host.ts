import type { Versions } from '../host.ts';
import { onnxruntimeWeb, rhoLoss } from './packageVersions.ts';

export type { Versions } from '../host.ts';

/** The JavaScript runtime this runs in. */
export function runtimeName(): 'browser' {
  return 'browser';
}

/** Cores that threads can run on at the same time. */
export function availableThreads(): number {
  return navigator.hardwareConcurrency;
}

/** The versions of what runs now. */
export function versions(): Versions {
  return {
    rhoLoss: packageVersion(),
    onnxruntime: `${onnxruntimeWeb} web`,
    runtime: browserName(navigator.userAgent),
    platform: 'browser',
  };
}

/** The version of this package. */
export function packageVersion(): string {
  return rhoLoss;
}

/** The version of a package that is part of the page; null for any other. */
export function versionOf(name: string): string | null {
  return name === 'onnxruntime-web' ? onnxruntimeWeb : null;
}

/** The path of a file that ships with this package, where the page mounts those that it needs. */
export function packageFile(path: string): string {
  return `/rho-loss/${path}`;
}

/** A page has no environment variables. */
export function environmentVariable(_name: string): undefined {
  return undefined;
}

/** Such as "chrome 156", from what a browser calls itself; Safari alone does not say its version beside its name. */
export function browserName(userAgent: string): string {
  for (const [name, pattern] of browsers) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return 'browser';
}

/** Those that pass for others come first. */
const browsers: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['edge', /\bEdg\/(\d+)/],
  ['firefox', /\bFirefox\/(\d+)/],
  ['chrome', /\b(?:Headless)?Chrome\/(\d+)/],
  ['safari', /\bVersion\/([\d.]+).*\bSafari\//],
];
