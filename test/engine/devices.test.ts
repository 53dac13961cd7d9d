import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { float32, type Tensor } from '../../src/core/tensor.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { openData } from '../../src/data/open.ts';
import type { Device, Scorer } from '../../src/engine/engine.ts';
import { openScorer } from '../../src/engine/ort/openScorer.ts';
import { openTrainer, type TrainerOptions } from '../../src/engine/ort/openTrainer.ts';
import { probeDevice } from '../../src/engine/ort/probe.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { type Graph, int, ints } from '../../src/onnx/graph.ts';
import { sgdDefaults } from '../../src/onnx/sgd.ts';
import { linear, uniform } from '../onnx/models.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

const root = join(import.meta.dirname, '../..');
const smallBatch = 32;

let data: Dataset;
let noWebgpu: string | null;
beforeAll(async () => {
  data = await openData(`idx:${join(root, 'data/mnist-sample')}`, 'train');
  const { works, reason } = await probeDevice('webgpu');
  noWebgpu = works ? null : `WebGPU does not work here: ${reason}`;
});

function model(spec: string): Graph {
  if (spec === 'images') return images();
  const { classes, preprocessing, inputs } = data;
  return buildArchitecture(spec, { inputDims: inputs[0]!.dims, classes, preprocessing, seed: 1 });
}

/** Convolution, batch norm and max pooling of windows that overlap. */
function images(): Graph {
  const b = new GraphBuilder('images');
  b.input({ name: 'x', dtype: 'float32', dims: ['batch', 1, 28, 28] });
  const stride = { strides: ints([2, 2]) };
  const convolved = b.node('Conv', ['x', b.weight('conv', uniform(1, [8, 1, 3, 3]))], stride);
  const ones = () => float32(new Array(8).fill(1), [8]);
  const zeros = () => float32(new Array(8).fill(0), [8]);
  const statistics = { scale: ones(), bias: zeros(), mean: zeros(), variance: ones() };
  const names = Object.entries(statistics).map(([name, tensor]) => b.weight(`norm.${name}`, tensor));
  const normed = b.node('Relu', [b.node('BatchNormalization', [convolved, ...names])]);
  const pooled = b.node('MaxPool', [normed], { kernel_shape: ints([3, 3]), ...stride });
  const flat = b.node('Flatten', [pooled], { axis: int(1) });
  b.output(linear(b, flat, 'fc', uniform(2, [10, 8 * 36]), uniform(3, [10])), 'logits');
  return b.build();
}

/** Takes ids from `from` on. */
function batch(from: number, size = smallBatch) {
  return data.gather(Array.from({ length: size }, (_, i) => from + i));
}

function options(device: Device): TrainerOptions {
  const { inputs: stored, preprocessing, classes } = data;
  const fed = { name: 'model', stored, preprocessing, classes, outputs: ['loss', 'predicted'] as const };
  return { ...fed, device, threads: 1, smallBatch, seed: 5, lowering: 'standard' };
}

const opened: Scorer[] = [];
afterAll(() => Promise.all(opened.map((of) => of.close())));

async function losses(spec: string, device: Device, examples: number): Promise<Float32Array> {
  const scorer = await openScorer(model(spec), options(device));
  opened.push(scorer);
  return (await scorer.score(await batch(0, examples))).loss;
}

interface Trained {
  readonly losses: readonly number[];
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly scores: Float32Array;
}

async function trained(spec: string, device: Device, steps: number, more: Partial<TrainerOptions> = {}) {
  const trainer = await openTrainer(model(spec), { ...options(device), ...more });
  opened.push(trainer);
  const found: number[] = [];
  for (let step = 0; step < steps; step++) {
    if (more.averagesOf !== undefined) await trainer.scoreCandidates(await batch(0, more.averagesOf));
    found.push((await trainer.step(await batch(step * smallBatch), 1e-3)).meanLoss);
  }
  const { loss: scores } = await trainer.score(await batch(500));
  return { losses: found, weights: await trainer.weights(), scores } satisfies Trained;
}

function expectClose(found: Trained, expected: Trained, rtol: number): void {
  expect(Float32Array.from(found.losses)).toBeAllClose(Float32Array.from(expected.losses), { rtol, atol: 0 });
  expect(found.scores).toBeAllClose(expected.scores, { rtol, atol: rtol });
  for (const [name, { data }] of expected.weights)
    expect(found.weights.get(name)!.data as Float32Array, name).toBeAllClose(data as Float32Array, {
      rtol,
      atol: rtol,
    });
}

const plain = { optimizer: sgdDefaults };

describe('WebAssembly gives what the CPU gives', () => {
  test('in losses of the sample, to 1e-5', async () => {
    const [found, expected] = [await losses('mlp:128', 'wasm', 1000), await losses('mlp:128', 'cpu', 1000)];
    expect(found).toBeAllClose(expected, { rtol: 1e-5, atol: 0 });
  });

  test('after 20 training steps, to 1e-4', async () => {
    expectClose(await trained('mlp:128', 'wasm', 20), await trained('mlp:128', 'cpu', 20), 1e-4);
  });

  test('in running averages too, whether steps move them or candidates', async () => {
    for (const averagesOf of [undefined, 64]) {
      const more = averagesOf === undefined ? plain : { ...plain, averagesOf };
      expectClose(await trained('images', 'wasm', 2, more), await trained('images', 'cpu', 2, more), 1e-4);
    }
  });

  test('where training goes on from a state that the CPU left', async () => {
    const trainer = await openTrainer(model('mlp:128'), options('cpu'));
    opened.push(trainer);
    for (let step = 0; step < 5; step++) await trainer.step(await batch(step * smallBatch), 1e-3);
    const state = await trainer.state();
    expectClose(await trained('mlp:128', 'wasm', 3, { state }), await trained('mlp:128', 'cpu', 3, { state }), 1e-4);
  });
});

describe('WebGPU gives what the CPU gives, to 1e-4', () => {
  test('in losses of the sample', async ({ skip }) => {
    skip(noWebgpu !== null, noWebgpu ?? '');
    expect(await losses('mlp:128', 'webgpu', 1000)).toBeAllClose(await losses('mlp:128', 'cpu', 1000), {
      rtol: 1e-4,
      atol: 0,
    });
  });

  test('after 3 training steps', async ({ skip }) => {
    skip(noWebgpu !== null, noWebgpu ?? '');
    expectClose(await trained('mlp:128', 'webgpu', 3), await trained('mlp:128', 'cpu', 3), 1e-4);
  });

  test('after 3 training steps of convolution, batch norm and max pooling', async ({ skip }) => {
    skip(noWebgpu !== null, noWebgpu ?? '');
    expectClose(await trained('images', 'webgpu', 3, plain), await trained('images', 'cpu', 3, plain), 1e-4);
  });
});

describe('a machine on which onnxruntime-node does not load', () => {
  const folder = temporaryFolder();
  const script = `
    import { openScorer } from '${new URL('../../dist/engine/ort/openScorer.js', import.meta.url)}';
    import { GraphBuilder } from '${new URL('../../dist/onnx/builder.js', import.meta.url)}';
    const b = new GraphBuilder('m');
    b.input({ name: 'x', dtype: 'float32', dims: ['batch', 3] });
    b.output(b.node('Relu', ['x']), 'logits');
    const model = b.build();
    const stored = [{ dtype: 'float32', dims: [3] }];
    const open = (device) =>
      openScorer(model, { name: 'm', stored, preprocessing: { kind: 'none' }, device, threads: 1, outputs: ['loss'] });
    const refusals = [];
    for (const device of ['cpu', 'webgpu']) await open(device).catch(({ kind, message }) => refusals.push({ kind, message }));
    const scorer = await open('wasm');
    const inputs = [{ dtype: 'float32', dims: [1, 3], data: new Float32Array(3) }];
    const { loss } = await scorer.score({ inputs, labels: Int32Array.of(1) });
    await scorer.close();
    console.log(JSON.stringify({ refusals, loss: loss[0] }));`;
  // Threads inherit what --import does.
  const hook = `
    import { register } from 'node:module';
    const code = \`export async function load(url, context, next) {
      if (url.includes('/onnxruntime-node/')) throw new Error('libonnxruntime.so.1: cannot open shared object file');
      return next(url, context);
    }\`;
    register('data:text/javascript,' + encodeURIComponent(code));`;

  test('scores with WebAssembly, and says so where another device is asked for', async () => {
    const [run, hooks] = [folder.at('run.mjs'), folder.at('hooks.mjs')];
    await writeFile(run, script);
    await writeFile(hooks, hook);
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', hooks, run]);
    const { refusals, loss } = JSON.parse(stdout);
    expect(loss).toBeCloseTo(Math.log(3), 6);
    expect(refusals).toEqual(
      ['cpu', 'webgpu'].map((device) => ({
        kind: 'environment',
        message: `Cannot use the device "${device}": onnxruntime-node does not load here (libonnxruntime.so.1: cannot open shared object file); pass --device wasm, which runs everywhere, slower`,
      })),
    );
  });
});
