// "RHO_CUDA=1 npm ci" fetches ONNX Runtime's CUDA libraries (several hundred MB, from NuGet); without that variable this
// script, which npm runs after every install, does nothing. "rho doctor --install cuda" calls the function in it.
// onnxruntime-node would fetch them unasked and fail the whole install where NuGet cannot be reached: .npmrc holds it back.
// Whatever happens here, the install goes on.

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NUGET_TIMEOUT_MS = 30 * 60 * 1000;

/** Runs onnxruntime-node's own install script; returns whether the libraries are there, and what to tell the user. */
export function fetchCudaLibraries() {
  const platform = `${process.platform}/${process.arch}`;
  const failed = (message) => ({ fetched: false, message });
  if (platform !== 'linux/x64')
    return failed(`Cannot fetch CUDA libraries for ${platform}: ONNX Runtime publishes them for linux/x64 only`);
  const folder = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const library = path.join(folder, 'bin/napi-v6', platform, 'libonnxruntime_providers_cuda.so');
  const done = (what) => ({ fetched: true, message: `${what}: ${path.dirname(library)}` });
  if (existsSync(library)) return done('The CUDA libraries are there');
  const script = path.join(folder, 'script/install.js');
  const words = process.versions.deno === undefined ? [script] : ['run', '--quiet', '--allow-all', script];
  // A flag on npm's command line would be dropped: only the variable, set to "true", makes the script fetch.
  const { status, stderr, error } = spawnSync(process.execPath, words, {
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'true' },
    stdio: ['ignore', 2, 'pipe'],
    encoding: 'utf8',
    timeout: NUGET_TIMEOUT_MS,
  });
  if (status === 0 && existsSync(library)) return done('Fetched the CUDA libraries');
  const reason = error?.message ?? /^(?:Uncaught .*?)?\w*Error: (.*)$/m.exec(stderr)?.[1] ?? `exit code ${status}`;
  return failed(
    `Cannot fetch the CUDA libraries of onnxruntime-node from NuGet (${reason}): scoring and training run on the CPU or WebGPU; run "RHO_CUDA=1 npm ci" or "rho doctor --install cuda" where api.nuget.org can be reached`,
  );
}

/** Whether this file is what was started, and not imported. */
function isStarted() {
  const [, started] = process.argv;
  return started !== undefined && realpathSync(started) === realpathSync(fileURLToPath(import.meta.url));
}

if (process.env.RHO_CUDA === '1' && isStarted()) {
  try {
    console.error(fetchCudaLibraries().message);
  } catch (error) {
    console.error(`Cannot fetch the CUDA libraries: ${error.message.split('\n')[0]}`);
  }
}
