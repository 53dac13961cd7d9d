// "RHO_CUDA=1 npm ci" fetches ONNX Runtime's CUDA libraries (several hundred MB, from NuGet); without that variable this
// script, which npm runs after every install, does nothing. onnxruntime-node would fetch them unasked and fail the whole
// install where NuGet cannot be reached: .npmrc holds it back. Whatever happens here, the install goes on.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const NUGET_TIMEOUT_MS = 30 * 60 * 1000;

/** Runs onnxruntime-node's own install script; returns what to tell the user. */
function fetchCudaLibraries() {
  const platform = `${process.platform}/${process.arch}`;
  if (platform !== 'linux/x64')
    return `Cannot fetch CUDA libraries for ${platform}: ONNX Runtime publishes them for linux/x64 only`;
  const folder = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const library = path.join(folder, 'bin/napi-v6', platform, 'libonnxruntime_providers_cuda.so');
  if (existsSync(library)) return `The CUDA libraries are there: ${path.dirname(library)}`;
  // A flag on npm's command line would be dropped: only the variable, set to "true", makes the script fetch.
  const { status } = spawnSync(process.execPath, [path.join(folder, 'script/install.js')], {
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'true' },
    stdio: ['ignore', 'inherit', 'ignore'],
    timeout: NUGET_TIMEOUT_MS,
  });
  if (status === 0 && existsSync(library)) return `Fetched the CUDA libraries: ${path.dirname(library)}`;
  return 'Cannot fetch the CUDA libraries of onnxruntime-node from NuGet: scoring and training run on the CPU or WebGPU; run "RHO_CUDA=1 npm ci" where api.nuget.org can be reached';
}

if (process.env.RHO_CUDA === '1') {
  try {
    console.error(fetchCudaLibraries());
  } catch (error) {
    console.error(`Cannot fetch the CUDA libraries: ${error.message.split('\n')[0]}`);
  }
}
