import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Engine, tfBackends } from '../../src/engine/engine.ts';
import { resolveEngine } from '../../src/engine/open.ts';
import { chooseBackend, isNativeInstalled } from '../../src/engine/tfjs/probe.ts';
import {
  eventLines,
  expectRefusal,
  filesIn,
  interrupt,
  readEventsOf,
  resultOf,
  rho,
  rhoJson,
  root,
  sharedFolder,
  writeDigits,
} from './rho.ts';

const folder = await sharedFolder();
const sample = ['--data', `idx:${root}/data/mnist-sample`];
const digits = ['--data', `idx:${folder.at('digits')}`];
const target = ['--model', 'mlp:16', '--big-batch', '50', '--small-batch', '10', '--threads', '1'];

beforeAll(() => writeDigits(folder.at('digits'), { train: 400, test: 50 }));

const recorded = async (run: string) => JSON.parse(await readFile(`${folder.at(run)}/config.json`, 'utf8')).options;

test('TensorFlow.js trains on the sample as ONNX Runtime does, and the run records its backend', async () => {
  const words = ['train', ...sample, ...target, '--strategy', 'loss', '--steps', '20', '--eval-every', '20'];
  const tfjs = await rho(...words, '--engine', 'tfjs', '--device', 'cpu', '--out', folder.at('tfjs'), '--json');
  expect(tfjs.code, tfjs.stderr).toBe(0);
  const { engine, scoreEngine } = await recorded('tfjs');
  expect({ engine, scoreEngine }).toEqual({
    engine: expect.stringMatching(/^tfjs:(tfjs-node|wasm)$/),
    scoreEngine: 'onnx',
  });
  const [first, ...others] = tfjs.stderr.split('\n');
  expect(first).toBe(`TensorFlow.js trains, backend ${engine.slice('tfjs:'.length)}`);
  expect(others.join('\n')).not.toMatch(/tensorflow|tfjs-node/i);
  expect(tfjs.stdout).toMatch(/^\{.*\}\n$/);

  await rhoJson(...words, '--engine', 'auto', '--device', 'cpu', '--out', folder.at('onnx'));
  expect((await recorded('onnx')).engine).toBe('onnx');
  const [ours, theirs] = [await readEventsOf(folder.at('tfjs')), await readEventsOf(folder.at('onnx'))];
  expect(ours).toHaveLength(theirs.length);
  ours.forEach((event, i) => {
    const other = theirs[i]!;
    if (event.type !== 'step' || other.type !== 'step') return;
    // Losses that are equal but for rounding may change places in the order.
    expect([...event.ids].sort()).toEqual([...other.ids].sort());
    expect(Math.abs(event.loss - other.loss)).toBeLessThan(1e-3);
  });
});

test('a run with TensorFlow.js that was interrupted is gone on with to the same end', async () => {
  const words = ['train', ...digits, ...target, '--strategy', 'loss', '--steps', '100', '--eval-every', '50'];
  const onTf = [...words, '--engine', 'tfjs:wasm', '--score-engine', 'same'];
  const whole = await rho(...onTf, '--out', folder.at('whole'));
  expect(whole.code, whole.stderr).toBe(0);
  const cut = folder.at('cut');
  const { code } = await interrupt([...onTf, '--out', cut], 'SIGINT', () => eventLines(cut) > 10);
  expect(code).toBe(130);
  expect(eventLines(cut)).toBeLessThan(100);
  const resumed = await rho('train', '--resume', cut);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(await resultOf(cut)).toEqual(await resultOf(folder.at('whole')));
});

describe('an engine that is not to be had is refused in one sentence, and nothing is written', () => {
  test.each([
    [['--engine', 'tfjs:tfjs-node'], 4, 'tfjs-node: the package "@tensorflow/tfjs-node" is not installed'],
    [['--engine', 'tfjs', '--device', 'webgpu'], 4, /^rho: Cannot train with TensorFlow.js here \(webgpu: /],
    [['--engine', 'tfjs:wasm', '--device', 'cuda'], 2, 'that is served by tfjs:tfjs-node-gpu'],
  ] as const)('%j', async (words, code, sentence) => {
    const out = folder.at('refused');
    const steps = ['--strategy', 'uniform', '--steps', '2'];
    expectRefusal(await rho('train', ...digits, ...target, ...steps, ...words, '--out', out), code, sentence);
    expect(await filesIn(out)).toEqual([]);
  });
});

describe('the engine that is chosen', () => {
  test('is ONNX Runtime by auto where tfjs-node-gpu is missing or the device is no CUDA', async (context) => {
    expect(await resolveEngine('auto', 'cpu')).toBe('onnx');
    expect(await resolveEngine('auto', 'webgpu')).toBe('onnx');
    if (isNativeInstalled()) context.skip('tfjs-node-gpu is installed here');
    expect(await resolveEngine('auto', null)).toBe('onnx');
    expect(await resolveEngine('auto', 'cuda')).toBe('onnx');
  });

  test('is the backend that was named', async () => {
    for (const name of ['onnx', 'tfjs:cpu', 'tfjs:wasm'] satisfies Engine[])
      expect(await resolveEngine(name, null)).toBe(name);
  });

  test('fails with the reason of each backend where none works', async (context) => {
    if (isNativeInstalled()) context.skip('tfjs-node-gpu is installed here');
    await expect(chooseBackend(['tfjs-node-gpu', 'tfjs-node'])).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringMatching(/tfjs-node-gpu: .* is not installed; tfjs-node: .* is not installed\)/),
    });
    expect(await chooseBackend(['tfjs-node-gpu', 'cpu'])).toBe('cpu');
  });
});

test('doctor tries every backend and says what is missing', async () => {
  const { tfjs } = await rhoJson('doctor');
  expect(tfjs.version).toBe('4.22.0');
  expect(tfjs.backends.map(({ backend }: { backend: string }) => backend)).toEqual(tfBackends);
  for (const { works, reason, hint } of tfjs.backends) {
    expect(reason).not.toBe('');
    if (!works) expect(hint).not.toBe(null);
  }
  expect(tfjs.backends.slice(-2)).toMatchObject([{ works: true }, { works: true }]);
  expect(tfjs.backends[0].works || tfjs.backends[0].hint).toMatch(/CUDA 11.2 and cuDNN 8.1.*TFJS_NODE_CDN_STORAGE/);
});
