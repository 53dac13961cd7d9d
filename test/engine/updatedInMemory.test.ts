import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../src/core/random.ts';
import { float32, type Tensor } from '../../src/core/tensor.ts';
import { holdInPlace, holdTwice } from '../../src/engine/ort/held.ts';
import { type Parameters, updatedInGraph } from '../../src/engine/ort/parameters.ts';
import { loadRuntime, type OrtRecord, openSession, toOrt } from '../../src/engine/ort/session.ts';
import type { TrainingModel } from '../../src/engine/ort/trainingWork.ts';
import { fitsMemory, updatedInMemory } from '../../src/engine/ort/updatedInMemory.ts';
import { updateGraph } from '../../src/engine/tfjs/updateGraph.ts';
import { adamwDefaults } from '../../src/onnx/adamw.ts';
import { writeModel } from '../../src/onnx/model.ts';
import { type OptimizerOptions, optimizerOf } from '../../src/onnx/optimizer.ts';
import { sgdDefaults } from '../../src/onnx/sgd.ts';
import { gradientOf } from '../../src/onnx/trainStep.ts';

beforeAll(() => loadRuntime('cpu'));

const shapes = { matrix: [5, 7], bias: [3], one: [1] } as const;
const steps = 6;

/** Numbers of many magnitudes, so that rounding shows. */
function numbers(name: string, dims: readonly number[]): Tensor {
  const random = randomStream(1, name);
  const count = dims.reduce((product, size) => product * size, 1);
  return float32(
    Array.from({ length: count }, () => (2 * random.unit() - 1) * 2 ** (random.below(24) - 12)),
    dims,
  );
}

function modelOf(optimizer: OptimizerOptions): TrainingModel {
  const parameters = Object.entries(shapes).map(([name, dims]) => ({
    name,
    dims,
    state: optimizerOf(optimizer).stateNames(name),
  }));
  const tensors = Object.fromEntries(parameters.map(({ name, dims }) => [name, numbers(name, dims)]));
  return {
    parameters,
    optimizer,
    layouts: {},
    block: undefined,
    state: { step: 0, tensors },
  } as unknown as TrainingModel;
}

/** What parameters and their state are. */
function valuesOf(parameters: Parameters): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries({ ...parameters.weights(), ...parameters.kept() }).map(([name, { data }]) => [
      name,
      Array.from(data as Float32Array),
    ]),
  );
}

describe.each<[string, OptimizerOptions]>([
  ['AdamW', adamwDefaults],
  ['AdamW without decay of biases', { ...adamwDefaults, weightDecay: 0.3, decayAll: false, betas: [0.8, 0.95] }],
  ['SGD with momentum', { ...sgdDefaults, weightDecay: 0.1 }],
  ['SGD without momentum', { ...sgdDefaults, momentum: 0 }],
])('%s', (_, optimizer) => {
  test('one pass over memory gives the bits of the operators', async () => {
    const model = modelOf(optimizer);
    const inMemory = updatedInMemory(model);
    const inGraph = updatedInGraph(model, holdTwice, holdInPlace);
    const { graph } = updateGraph(model.parameters, optimizer);
    const session = await openSession(writeModel(graph), { device: 'cpu', threads: 1 });
    for (let step = 1; step <= steps; step++) {
      const gradients = Object.fromEntries(
        model.parameters.map(({ name, dims }) => [gradientOf(name), toOrt(numbers(`${name}/${step}`, dims))]),
      );
      // As ONNX Runtime does it.
      for (const [name, { data }] of Object.entries(inMemory.fetches() as OrtRecord))
        (data as Float32Array).set(gradients[name]!.data as Float32Array);
      inMemory.finish(step, 0.01, {});
      const feeds = { ...inGraph.feeds(step, 0.01), ...inGraph.weights(), ...gradients };
      const results = await session.run(feeds, inGraph.fetches());
      inGraph.finish(step, 0.01, results);
      expect(valuesOf(inMemory)).toEqual(valuesOf(inGraph));
    }
    await session.release();
  });
});

test('the module is what update.wat says', () => {
  const tool = fileURLToPath(new URL('../../tools/makeWasmModules.mjs', import.meta.url));
  execFileSync(process.execPath, [tool, '--check']);
});

test('what is more than WebAssembly can address does not fit', () => {
  const parameter = (count: number) => ({ name: 'w', dims: [count], state: ['m', 'v'] });
  expect(fitsMemory([parameter(2 ** 27)])).toBe(true);
  expect(fitsMemory([parameter(2 ** 28)])).toBe(false);
});
