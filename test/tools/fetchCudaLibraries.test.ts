import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

/** Runs the script in a project whose onnxruntime-node has this install script; null: without onnxruntime-node. */
function runScript(installScript: string | null, variables: Record<string, string>) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'rho-cuda-'));
  folders.push(root);
  const runtime = path.join(root, 'node_modules/onnxruntime-node');
  fs.mkdirSync(path.join(root, 'tools'));
  fs.copyFileSync(
    path.join(import.meta.dirname, '../../tools/fetchCudaLibraries.mjs'),
    path.join(root, 'tools/fetchCudaLibraries.mjs'),
  );
  if (installScript !== null) {
    fs.mkdirSync(path.join(runtime, 'script'), { recursive: true });
    fs.writeFileSync(path.join(runtime, 'package.json'), '{"name": "onnxruntime-node"}');
    fs.writeFileSync(path.join(runtime, 'script/install.js'), installScript);
  }
  const { RHO_CUDA, ONNXRUNTIME_NODE_INSTALL, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync('node', ['tools/fetchCudaLibraries.mjs'], {
    cwd: root,
    env: { ...env, ...variables },
    encoding: 'utf8',
  });
  return { status, stdout, stderr, ran: fs.existsSync(path.join(runtime, 'ran')) };
}

const FETCHES = `
  const fs = require('fs');
  const path = require('path');
  fs.writeFileSync(path.join(__dirname, '../ran'), '');
  if (process.env.ONNXRUNTIME_NODE_INSTALL !== 'true') process.exit(0);
  const folder = path.join(__dirname, '../bin/napi-v6/linux/x64');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'libonnxruntime_providers_cuda.so'), '');
`;
const FAILS = `${FETCHES.split('\n').slice(0, 4).join('\n')}\nvoid Promise.reject(new Error('getaddrinfo ENOTFOUND'));`;

const here = `${process.platform}/${process.arch}`;

describe('the script that npm runs after an install', () => {
  it('does nothing and says nothing unless asked', () => {
    expect(runScript(FETCHES, {})).toEqual({ status: 0, stdout: '', stderr: '', ran: false });
  });

  it.skipIf(here !== 'linux/x64')('fetches the CUDA libraries when asked, although .npmrc says skip', () => {
    const variables = { RHO_CUDA: '1', npm_config_onnxruntime_node_install: 'skip' };
    const { status, stderr, ran } = runScript(FETCHES, variables);
    expect({ status, ran }).toEqual({ status: 0, ran: true });
    expect(stderr).toMatch(/^Fetched the CUDA libraries: .*linux\/x64\n$/);
  });

  it.skipIf(here !== 'linux/x64')('says in one sentence that it failed and lets the install go on', () => {
    const { status, stderr, ran } = runScript(FAILS, { RHO_CUDA: '1' });
    expect({ status, ran }).toEqual({ status: 0, ran: true });
    expect(stderr).toMatch(
      /^Cannot fetch the CUDA libraries of onnxruntime-node from NuGet \(getaddrinfo ENOTFOUND\): .*\n$/,
    );
  });

  it.skipIf(here !== 'linux/x64')('lets the install go on where onnxruntime-node is missing', () => {
    const { status, stderr } = runScript(null, { RHO_CUDA: '1' });
    expect(status).toBe(0);
    expect(stderr).toMatch(/^Cannot fetch the CUDA libraries: Cannot find module .*\n$/);
  });
});
