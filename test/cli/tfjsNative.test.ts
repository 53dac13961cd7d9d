import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type Ended, root, sharedFolder, writeDigits } from './rho.ts';

// TensorFlow's own library cannot be had where this was written. In its place stands a package of the same name that computes
// with the cpu backend, in a copy of this package: what is shown is how one that loads, or does not, is dealt with.

const folder = await sharedFolder();
const scope = '@tensorflow';
const native = join('node_modules', scope, 'tfjs-node-gpu');

const standIn = `
if (process.env.STAND_IN === 'broken') throw new Error('libcudart.so.11.0: cannot open shared object file');
if (require('util').isNullOrUndefined(0)) throw new Error('isNullOrUndefined is wrong');
const tf = require('@tensorflow/tfjs');
const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu');
for (const kernel of tf.getKernelsForBackend('cpu')) tf.registerKernel({ ...kernel, backendName: 'tensorflow' });
const make = () => Object.assign(new MathBackendCPU(), { firstUse: false, isUsingGpuDevice: process.env.STAND_IN === 'gpu' });
tf.registerBackend('tensorflow', make, 3);
module.exports = tf;
`;

beforeAll(async () => {
  const copied = ['dist', 'package.json'].map((name) => cp(join(root, name), folder.at(name), { recursive: true }));
  await Promise.all(copied);
  await mkdir(folder.at(native), { recursive: true });
  for (const path of ['node_modules', join('node_modules', scope)])
    for (const name of await readdir(join(root, path)))
      if (name !== scope && name !== basename(native)) await symlink(join(root, path, name), folder.at(path, name));
  await writeFile(
    folder.at(native, 'package.json'),
    JSON.stringify({ name: `${scope}/tfjs-node-gpu`, version: '4.22.0' }),
  );
  await writeFile(folder.at(native, 'index.js'), standIn);
  await writeDigits(folder.at('digits'), { train: 200, test: 20 });
});

/** Runs the copied `rho` with a library that sees a GPU, sees none, or cannot be loaded. */
function rhoWith(library: 'gpu' | 'none' | 'broken', ...words: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [folder.at('dist/cli.js'), ...words], {
    env: { ...process.env, STAND_IN: library },
    timeout: 50_000,
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...output })));
}

async function engineOfAuto(library: 'gpu' | 'none' | 'broken'): Promise<string> {
  const out = folder.at(library);
  const data = ['--data', `idx:${folder.at('digits')}`, '--holdout', '0:100', '--strategy', 'loss', '--steps', '3'];
  const sizes = ['--model', 'mlp:8', '--big-batch', '20', '--small-batch', '5'];
  const { code, stderr } = await rhoWith(library, 'train', ...data, ...sizes, '--out', out);
  expect(code, stderr).toBe(0);
  return JSON.parse(await readFile(join(out, 'config.json'), 'utf8')).options.engine;
}

test('auto trains with tfjs-node-gpu where its library loads and sees a GPU, else with ONNX Runtime', async () => {
  expect(await engineOfAuto('gpu')).toBe('tfjs:tfjs-node-gpu');
  expect(await engineOfAuto('none')).toBe('onnx');
  expect(await engineOfAuto('broken')).toBe('onnx');
});

test('doctor tells why its library does not load', async () => {
  const { stdout } = await rhoWith('broken', 'doctor');
  expect(stdout).toContain('tfjs-node-gpu no: libcudart.so.11.0: cannot open shared object file\n    never run by');
});
