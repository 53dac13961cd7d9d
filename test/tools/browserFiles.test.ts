import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type * as imageDecoder from '../../src/data/imageDecoder.ts';
import type * as webImageDecoder from '../../src/data/web/imageDecoder.ts';
import type * as chooseDevice from '../../src/engine/ort/chooseDevice.ts';
import type * as explainDevice from '../../src/engine/ort/explainDevice.ts';
import type * as runtimes from '../../src/engine/ort/runtimes.ts';
import type * as softwareGpu from '../../src/engine/ort/softwareGpu.ts';
import type * as startWorker from '../../src/engine/ort/startWorker.ts';
import type * as webChooseDevice from '../../src/engine/ort/web/chooseDevice.ts';
import type * as webExplainDevice from '../../src/engine/ort/web/explainDevice.ts';
import type * as webRuntimes from '../../src/engine/ort/web/runtimes.ts';
import type * as webSoftwareGpu from '../../src/engine/ort/web/softwareGpu.ts';
import type * as webStartWorker from '../../src/engine/ort/web/startWorker.ts';
import type * as open from '../../src/engine/tfjs/open.ts';
import type * as probe from '../../src/engine/tfjs/probe.ts';
import type * as webOpen from '../../src/engine/tfjs/web/open.ts';
import type * as webProbe from '../../src/engine/tfjs/web/probe.ts';
import type * as files from '../../src/runtime/files.ts';
import type * as host from '../../src/runtime/host.ts';
import type * as lock from '../../src/runtime/lock.ts';
import type * as thread from '../../src/runtime/thread.ts';
import type * as webFiles from '../../src/runtime/web/files.ts';
import type * as webHost from '../../src/runtime/web/host.ts';
import type * as webLock from '../../src/runtime/web/lock.ts';
import { onnxruntimeWeb, rhoLoss } from '../../src/runtime/web/packageVersions.ts';
import type * as webThread from '../../src/runtime/web/thread.ts';

const root = path.join(import.meta.dirname, '../..');
const { browser, version, dependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly browser: Readonly<Record<string, string>>;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
};

/** Says which of the exports of `File` its substitute lacks or has of another type, to the compiler. */
type Lacking<File, Substitute, But extends keyof File = never> = {
  [Name in Exclude<keyof File, But>]: Name extends keyof Substitute
    ? Substitute[Name] extends File[Name]
      ? never
      : Name
    : Name;
}[Exclude<keyof File, But>];

/** What is left out runs in no browser: the rest of a file that only Node's own side of it needs. */
type AllLacking = [
  Lacking<typeof files, typeof webFiles>,
  Lacking<typeof host, typeof webHost, 'runtimeName'>,
  Lacking<typeof lock, typeof webLock>,
  // Where a module lies is known to the bundler alone.
  Lacking<typeof thread, typeof webThread, 'siblingModule' | 'startThread'>,
  Lacking<typeof runtimes, typeof webRuntimes, 'whatWorks'>,
  Lacking<typeof startWorker, typeof webStartWorker>,
  Lacking<typeof softwareGpu, typeof webSoftwareGpu>,
  Lacking<typeof explainDevice, typeof webExplainDevice, 'cudaNeeds' | 'explainCuda' | 'explainWebgpu'>,
  Lacking<typeof chooseDevice, typeof webChooseDevice, 'chooseFrom'>,
  Lacking<typeof open, typeof webOpen>,
  Lacking<typeof probe, typeof webProbe>,
  Lacking<typeof imageDecoder, typeof webImageDecoder>,
];

test('every file that a browser runs in place of another has its exports', () => {
  const nothing: AllLacking[number][] = [];
  expect(nothing).toEqual([]);
  const lacking: never[] = nothing;
  expect(lacking).toHaveLength(0);
});

test('the files of the table are there', () => {
  const sources = Object.entries(browser)
    .flat()
    .map((built) => built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
  expect(sources.filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([]);
  for (const [file, substitute] of Object.entries(browser))
    expect(substitute).toBe(file.replace(/\/([^/]+)$/, '/web/$1'));
});

test('no file lies in the web folder of another without being in the table, or imported by one that is', () => {
  const inTable = Object.values(browser).map((built) => built.replace('./dist/', '').replace(/\.js$/, '.ts'));
  const all = (fs.readdirSync(path.join(root, 'src'), { recursive: true }) as string[]).filter((file) =>
    /^(?!web\/).*\/web\/[^/]+\.ts$/.test(file),
  );
  const imported = all
    .map((file) => fs.readFileSync(path.join(root, 'src', file), 'utf8'))
    .concat(fs.readFileSync(path.join(root, 'src/web/handlers.ts'), 'utf8'))
    .join('\n');
  const unused = all.filter((file) => !inTable.includes(file) && !imported.includes(`/${path.basename(file)}'`));
  expect(unused).toEqual([]);
});

test('the page knows the versions of package.json', () => {
  expect(rhoLoss).toBe(version);
  expect(onnxruntimeWeb).toBe(dependencies['onnxruntime-web']);
});
