import { afterEach, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import type { Batch } from '../../src/core/batch.ts';
import { randomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import type { Precision } from '../../src/engine/engine.ts';
import { findBlock } from '../../src/engine/ort/block.ts';
import { openRefreshedScorer, openScorer, type RefreshedOptions } from '../../src/engine/ort/openScorer.ts';
import { openTrainer } from '../../src/engine/ort/openTrainer.ts';
import { isRebuilt, prepareRefreshed } from '../../src/engine/ort/refreshedModel.ts';
import { openRefreshedWork } from '../../src/engine/ort/refreshedWork.ts';
import { loadRuntime } from '../../src/engine/ort/session.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { scoreGraph } from '../../src/onnx/scoreGraph.ts';
import { timeless } from './timeless.ts';

const block = await findBlock();
const opened: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(opened.splice(0).map((of) => of.close())));
function closing<T extends { close(): Promise<void> }>(of: T): T {
  opened.push(of);
  return of;
}

const classes = 7;
const tokens = { kind: 'tokens', tokenizer: 'none', vocabulary: 300, padding: 0 } as const;
const standardize = { kind: 'standardize', scale: 1 / 255, mean: [0.1307], std: [0.3081] } as const;
const ofColours = { ...standardize, mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } as const;

/** A model and what feeds it. */
interface Case {
  readonly spec: string;
  readonly options: Omit<RefreshedOptions, 'precision'>;
}
const feeds = { name: 'model', device: 'cpu', outputs: ['loss', 'predicted'], threads: 1 } as const;
const bytes: Case = {
  spec: 'mlp:96,100',
  options: { ...feeds, stored: [{ dtype: 'uint8', dims: [1, 28, 28] }], preprocessing: standardize },
};
const floats: Case = {
  spec: 'mlp:160,130',
  options: { ...feeds, stored: [{ dtype: 'float32', dims: [150] }], preprocessing: { kind: 'none' } },
};
const transformer: Case = {
  spec: 'transformer:2x128',
  options: { ...feeds, stored: [{ dtype: 'int32', dims: [12] }], preprocessing: tokens },
};
const images: Case = {
  spec: 'cnn',
  options: { ...feeds, stored: [{ dtype: 'uint8', dims: [3, 24, 24] }], preprocessing: ofColours },
};
const residual: Case = {
  spec: 'resnet:16',
  options: { ...images.options, stored: [{ dtype: 'uint8', dims: [3, 8, 8] }] },
};

function modelOf({ spec, options: { stored, preprocessing } }: Case, seed = 1): Graph {
  return buildArchitecture(spec, { inputDims: stored[0]!.dims, classes, seed, preprocessing });
}

function batchOf({ options: { stored } }: Case, count: number, seed = 1): Batch {
  const random = randomStream(seed, 'batch');
  const { dtype, dims } = stored[0]!;
  const length = dims.reduce((product, size) => product * size, count);
  const data = {
    uint8: () => Uint8Array.from({ length }, () => random.below(256)),
    int32: () => Int32Array.from({ length }, () => random.below(300)),
    float32: () => Float32Array.from({ length }, () => 2 * random.unit() - 1),
  }[dtype as 'uint8']();
  const labels = Int32Array.from({ length: count }, () => random.below(classes));
  return { inputs: [{ dtype, dims: [count, ...dims], data }], labels };
}

/** What is moved to a thread is gone. */
function copied(weights: ReadonlyMap<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries([...weights].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));
}

/** The weights of a model that are trained. */
function trainedOf({ weights }: Graph): ReadonlyMap<string, Tensor> {
  return new Map([...weights].filter(([, { dtype, dims }]) => dtype === 'float32' && dims.length > 0));
}

async function refreshedOn(of: Case, names: Iterable<string>, options: Partial<RefreshedOptions> = {}, seed = 9) {
  return closing(await openRefreshedScorer(modelOf(of, seed), { ...of.options, ...options }, new Set(names)));
}

describe('a refreshed scorer has the losses of the trainer whose weights it gets, bit for bit', () => {
  const blocked: [string, Case][] = [
    ['a CNN in blocked operators', images],
    ['a ResNet in blocked operators, with its running averages', residual],
  ];
  test.each([
    ['an MLP on stored bytes', bytes] as const,
    ['an MLP on floats', floats] as const,
    ['a transformer', transformer] as const,
    ...(block === null ? [] : blocked),
  ])('%s', async (_, of) => {
    const trainer = closing(await openTrainer(modelOf(of), { ...of.options, smallBatch: 16, seed: 1 }));
    const refreshed = await refreshedOn(of, (await trainer.weights()).keys(), { block: trainer.block });
    for (let step = 1; step <= 3; step++) {
      await trainer.step(batchOf(of, 16, step), 1e-3);
      await refreshed.setWeights(copied(await trainer.weights()));
      expect(timeless(await refreshed.score(batchOf(of, 33)))).toEqual(timeless(await trainer.score(batchOf(of, 33))));
    }
  });
});

describe('a refreshed scorer has the losses of one that was opened with the same weights, bit for bit', () => {
  test.each<[string, Case, Exclude<Precision, 'fp16'>, RefreshedOptions['block']]>([
    ['an MLP on stored bytes in int8', bytes, 'int8', undefined],
    ['an MLP on floats in int8', floats, 'int8', undefined],
    ['a transformer in int8', transformer, 'int8', undefined],
    ['a CNN in standard operators', images, 'fp32', null],
  ])('%s', async (_, of, precision, block) => {
    const options = { ...of.options, precision };
    const refreshed = await refreshedOn(of, trainedOf(modelOf(of)).keys(), { precision, block });
    const seen: number[] = [];
    for (const seed of [1, 2]) {
      const fixed = closing(await openScorer(modelOf(of, seed), options));
      await refreshed.setWeights(copied(trainedOf(modelOf(of, seed))));
      const scores = await refreshed.score(batchOf(of, 33));
      expect(timeless(scores)).toEqual(timeless(await fixed.score(batchOf(of, 33))));
      seen.push(scores.loss[0]!);
    }
    expect(seen[0]).not.toBe(seen[1]);
  });
});

test('where products with int8 overflow, uint8 around 128 gives the same bits', async () => {
  await loadRuntime('cpu');
  const lossesWhere = async (overflow: boolean) => {
    const thread = { call: async () => overflow } as unknown as Parameters<typeof prepareRefreshed>[0];
    const weights = copied(trainedOf(modelOf(transformer)));
    const options = { ...transformer.options, precision: 'int8', block: null } as const;
    const prepared = await prepareRefreshed(thread, modelOf(transformer), options, new Set(Object.keys(weights)));
    expect(new Set(prepared.quantised.map(({ unsigned }) => unsigned))).toEqual(new Set([overflow]));
    const work = await openRefreshedWork(prepared, { device: 'cpu', threads: 1 }, { spins: false });
    await work.setWeights(weights);
    const scores = await work.score(batchOf(transformer, 33));
    await work.release();
    return scores;
  };
  expect(await lossesWhere(true)).toEqual(await lossesWhere(false));
});

test.each([
  ['fc1.weight', Number.NaN],
  ['fc1.weight', Number.POSITIVE_INFINITY],
  ['fc2.weight', Number.NaN],
  ['fc2.weight', Number.POSITIVE_INFINITY],
])('in int8 one weight of %s that is %d makes every loss NaN', async (layer, wrong) => {
  const weights = copied(trainedOf(modelOf(bytes)));
  const refreshed = await refreshedOn(bytes, Object.keys(weights), { precision: 'int8' });
  weights[layer]!.data[3] = wrong;
  await refreshed.setWeights(weights);
  expect([...(await refreshed.score(batchOf(bytes, 3))).loss]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
});

test('a model without a product that gains is refused in int8', async () => {
  const small = { ...floats, spec: 'mlp:8' };
  await expect(refreshedOn(small, ['fc1.weight'], { precision: 'int8' })).rejects.toThrow(
    /^Cannot score "model" in int8: it has no MatMul or Gemm .*; pass --precision fp32$/,
  );
});

test('int8 on another device is refused', async () => {
  await expect(refreshedOn(bytes, ['fc1.weight'], { precision: 'int8', device: 'cuda' })).rejects.toThrow(
    /^Cannot score "model" in int8 on the device "cuda"/,
  );
});

test('sessions are built anew where filters of standard convolutions would be inputs on the CPU', () => {
  const graph = (of: Case, names: Iterable<string>) =>
    scoreGraph(modelOf(of), { ...of.options, weightsAsInputs: new Set(names) });
  const names = [...trainedOf(modelOf(images)).keys()];
  expect(isRebuilt(graph(images, names), 'cpu')).toBe(true);
  expect(isRebuilt(graph(images, names), 'wasm')).toBe(false);
  expect(isRebuilt(graph(images, ['fc3.weight']), 'cpu')).toBe(false);
  expect(isRebuilt(graph(bytes, trainedOf(modelOf(bytes)).keys()), 'cpu')).toBe(false);
});

test.each(['fp32', 'int8'] as const)('2,000 refreshes keep no memory (%s)', async (precision) => {
  const weights = trainedOf(modelOf(bytes));
  const refreshed = await refreshedOn(bytes, weights.keys(), { precision });
  const refresh = async (times: number) => {
    for (let time = 0; time < times; time++) {
      await refreshed.setWeights(copied(weights));
      if (time % 50 === 0) await refreshed.score(batchOf(bytes, 8));
    }
    return process.memoryUsage.rss();
  };
  const before = await refresh(200);
  // They take 700 MiB together.
  expect(((await refresh(2000)) - before) / 2 ** 20).toBeLessThan(150);
});
