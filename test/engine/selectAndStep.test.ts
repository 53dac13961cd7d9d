import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import type { Batch } from '../../src/core/batch.ts';
import type { Preprocessing } from '../../src/core/preprocessing.ts';
import { randomStream } from '../../src/core/random.ts';
import { selectTop } from '../../src/core/selection.ts';
import { allocate, elementCount, type TensorData } from '../../src/core/tensor.ts';
import type { Scorer, Trainer, TrainerState } from '../../src/engine/engine.ts';
import { findBlock } from '../../src/engine/ort/block.ts';
import { openTrainer, type TrainerOptions } from '../../src/engine/ort/openTrainer.ts';
import { probeDevice } from '../../src/engine/ort/probe.ts';
import { sgdDefaults } from '../../src/onnx/sgd.ts';
import { timeless } from './timeless.ts';

const bigBatch = 80;
const smallBatch = 16;
const classes = 10;
const rate = 1e-3;

/** A kind of data, and a model of it. */
interface Kind {
  readonly spec: string;
  readonly dtype: 'uint8' | 'int32';
  readonly dims: readonly number[];
  readonly preprocessing: Preprocessing;
}

const images = {
  dtype: 'uint8',
  dims: [1, 28, 28],
  preprocessing: { kind: 'standardize', scale: 1 / 255, mean: [0.5], std: [0.25] },
} as const;
const vocabulary = 50;
const texts = {
  dtype: 'int32',
  dims: [12],
  preprocessing: { kind: 'tokens', tokenizer: 'none', vocabulary, padding: 0 },
} as const;
const mlp: Kind = { spec: 'mlp:64', ...images };
const cnn: Kind = { spec: 'cnn:16', ...images };
const smallCnn: Kind = { ...cnn, spec: 'cnn:8', dims: [1, 22, 22] };
const transformer: Kind = { spec: 'transformer:1x64', ...texts };

const opened: Scorer[] = [];
afterEach(async () => {
  // One after another: ONNX Runtime's WebGPU may end the process where sessions in several threads are released at once.
  for (const of of opened.splice(0)) await of.close();
});

async function trainer(kind: Kind, options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const { spec, dtype, dims, preprocessing } = kind;
  const made = await openTrainer(buildArchitecture(spec, { inputDims: dims, classes, preprocessing, seed: 1 }), {
    name: spec,
    stored: [{ dtype, dims }],
    preprocessing,
    classes,
    outputs: ['loss', 'predicted'],
    device: 'cpu',
    threads: 1,
    smallBatch,
    seed: 5,
    ...options,
  });
  opened.push(made);
  return made;
}

const selecting = { selecting: { bigBatch } };

/** Candidates in memory of their own, always the same for one step, and their irreducible losses. */
function candidatesAt(step: number, { dtype, dims: one }: Kind): { batch: Batch; irreducible: Float32Array } {
  const random = randomStream(step, 'candidates');
  const dims = [bigBatch, ...one];
  const data = allocate(dtype, dims) as Uint8Array;
  for (let i = 0; i < data.length; i++)
    data[i] = dtype === 'uint8' ? random.below(256) : 1 + random.below(vocabulary - 1);
  return {
    batch: {
      inputs: [{ dtype, dims, data }],
      labels: Int32Array.from({ length: bigBatch }, () => random.below(classes)),
    },
    irreducible: Float32Array.from({ length: bigBatch }, () => random.unit()),
  };
}

function taken({ inputs, labels }: Batch, chosen: Uint32Array): Batch {
  return {
    inputs: inputs.map(({ dtype, dims: [, ...rest], data }) => {
      const size = elementCount(rest);
      const dims = [chosen.length, ...rest];
      const part = allocate(dtype, dims) as Uint8Array;
      chosen.forEach((position, i) => {
        part.set((data as Uint8Array).subarray(position * size, (position + 1) * size), i * size);
      });
      return { dtype, dims, data: part as TensorData };
    }),
    labels: Int32Array.from(chosen, (position) => labels[position]!),
  };
}

async function inTwoCalls(of: Trainer, kind: Kind, step: number) {
  const { batch, irreducible } = candidatesAt(step, kind);
  const scores = await of.scoreCandidates(structuredClone(batch));
  const ids = Uint32Array.from({ length: bigBatch }, (_, i) => i);
  const { chosen } = selectTop(
    scores.loss.map((loss, i) => loss - irreducible[i]!),
    ids,
    smallBatch,
  );
  return { ...timeless(await of.step(taken(batch, chosen), rate)), scores: timeless(scores), chosen };
}

async function inOneGraph(of: Trainer, kind: Kind, step: number) {
  const { batch, irreducible } = candidatesAt(step, kind);
  const { scores, ...stepped } = await of.selectAndStep!(batch, irreducible, rate);
  return { ...timeless(stepped), scores };
}

/** Everything but the arrays' kinds. */
function numbersOf({ tensors, ...rest }: TrainerState) {
  return { ...rest, tensors: Object.entries(tensors).map(([name, { data }]) => [name, Array.from(data, Number)]) };
}

const noBlock = (await findBlock()) === null;

describe('a step that chooses its own small batch', () => {
  test.each<readonly [name: string, kind: Kind, options: Partial<TrainerOptions>]>([
    ['a multilayer perceptron', mlp, {}],
    ['a multilayer perceptron on two threads', mlp, { threads: 2 }],
    ['running averages and standard convolutions', cnn, { lowering: 'standard' }],
    ['running averages and convolutions as this machine has them', cnn, { threads: 2 }],
    ['frozen weights', mlp, { freeze: ['fc1.*'], optimizer: sgdDefaults }],
  ])('gives in 20 steps the bits of scoring and stepping apart: %s', async (_, kind, options) => {
    const [apart, together] = [await trainer(kind, options), await trainer(kind, { ...options, ...selecting })];
    if (kind === cnn && options.lowering === undefined) expect(together.block === null).toBe(noBlock);
    for (let step = 0; step < 20; step++)
      expect(await inOneGraph(together, kind, step)).toEqual(await inTwoCalls(apart, kind, step));
    const state = numbersOf(await together.state());
    expect(state.step).toBe(20);
    expect(state).toEqual(numbersOf(await apart.state()));
  });

  test('goes on from a state, and stands beside plain steps and scores, bit for bit', async () => {
    const whole = await trainer(mlp);
    for (let step = 0; step < 4; step++) await inTwoCalls(whole, mlp, step);
    const begun = await trainer(mlp, selecting);
    await inOneGraph(begun, mlp, 0);
    await inTwoCalls(begun, mlp, 1);
    const rest = await trainer(mlp, { ...selecting, state: await begun.state() });
    await inOneGraph(rest, mlp, 2);
    await inOneGraph(rest, mlp, 3);
    expect(numbersOf(await rest.state())).toEqual(numbersOf(await whole.state()));
    const { batch } = candidatesAt(9, mlp);
    expect(timeless(await rest.score(structuredClone(batch)))).toEqual(timeless(await whole.score(batch)));
  });

  test('is not offered for texts, which are scored without their padding', async () => {
    expect((await trainer(transformer, selecting)).selectAndStep).toBeUndefined();
  });

  test('takes the loss itself where there are no irreducible losses', async () => {
    const of = await trainer(mlp, selecting);
    const { scores, chosen } = await of.selectAndStep!(candidatesAt(0, mlp).batch, null, rate);
    const ids = Uint32Array.from({ length: bigBatch }, (_, i) => i);
    expect(chosen).toEqual(selectTop(scores.loss, ids, smallBatch).chosen);
  });

  test.each(['cpu', 'wasm'] as const)(
    'fails where too few losses are numbers, and changes nothing (%s)',
    async (device) => {
      const of = await trainer(mlp, { ...selecting, device });
      await inOneGraph(of, mlp, 0);
      const before = numbersOf(await of.state());
      const { batch, irreducible } = candidatesAt(1, mlp);
      irreducible.fill(Number.NaN, smallBatch - 1);
      await expect(of.selectAndStep!(batch, irreducible, rate)).rejects.toMatchObject({
        kind: 'diverged',
        message: 'Cannot select 16 of 80 candidates: the loss of 65 is not a number, try a lower --lr',
      });
      expect(numbersOf(await of.state())).toEqual(before);
    },
  );

  test('is not there where it was not asked for, nor where its graph would score in too many runs', async () => {
    expect((await trainer(mlp)).selectAndStep).toBeUndefined();
    const of = await trainer(mlp, { selecting: { bigBatch: 1_000_000 } });
    expect(of.selectAndStep).toBeUndefined();
    expect((await inTwoCalls(of, mlp, 0)).chosen.length).toBe(smallBatch);
  });

  test('is refused where candidates move running averages, or are too few', async () => {
    await expect(trainer(cnn, { ...selecting, averagesOf: bigBatch })).rejects.toMatchObject({
      kind: 'usage',
      message:
        'Cannot choose inside the step of "cnn:16" where candidates move the running averages: leave those to the steps, or score and step apart',
    });
    await expect(trainer(mlp, { selecting: { bigBatch: 15 } })).rejects.toMatchObject({
      kind: 'usage',
      message: 'Cannot choose 16 examples inside the step of "mlp:64": it is given 15 candidates, expected 16 or more',
    });
  });
});

describe('with WebGPU, where weights stay on the device,', () => {
  let noWebgpu: string | null;
  beforeAll(async () => {
    const { works, reason } = await probeDevice('webgpu');
    noWebgpu = works ? null : `WebGPU does not work here: ${reason}`;
  });

  test.for([
    ['a multilayer perceptron', mlp],
    ['running averages', smallCnn],
  ] as const)('both ways of stepping agree with the CPU, and go on from a state: %s', async ([, kind], { skip }) => {
    skip(noWebgpu !== null, noWebgpu ?? '');
    const device = { device: 'webgpu', optimizer: sgdDefaults } as const;
    const cpu = await trainer(kind, { optimizer: sgdDefaults, lowering: 'standard' });
    const apart = await trainer(kind, device);
    const together = await trainer(kind, { ...device, ...selecting });
    for (let step = 0; step < 2; step++) {
      const expected = await inTwoCalls(cpu, kind, step);
      for (const found of [await inTwoCalls(apart, kind, step), await inOneGraph(together, kind, step)]) {
        expect(found.chosen).toEqual(expected.chosen);
        expect(found.meanLoss).toBeCloseTo(expected.meanLoss, 4);
      }
    }
    const state = await together.state();
    const resumed = await trainer(kind, { ...device, ...selecting, state });
    await inOneGraph(together, kind, 2);
    await inOneGraph(resumed, kind, 2);
    expect(numbersOf(await resumed.state())).toEqual(numbersOf(await together.state()));
    const expected = (await apart.state()).tensors;
    for (const [name, { data }] of Object.entries(state.tensors))
      expect(data as Float32Array, name).toBeAllClose(expected[name]!.data as Float32Array, { rtol: 1e-4, atol: 1e-5 });
  });

  test('running averages that candidates move stay there too', async ({ skip }) => {
    skip(noWebgpu !== null, noWebgpu ?? '');
    const moved = { optimizer: sgdDefaults, averagesOf: bigBatch, lowering: 'standard' } as const;
    const [cpu, gpu] = [await trainer(smallCnn, moved), await trainer(smallCnn, { ...moved, device: 'webgpu' })];
    for (const of of [cpu, gpu]) for (let step = 0; step < 2; step++) await inTwoCalls(of, smallCnn, step);
    const expected = (await cpu.state()).tensors;
    for (const [name, { data }] of Object.entries((await gpu.state()).tensors))
      expect(data as Float32Array, name).toBeAllClose(expected[name]!.data as Float32Array, { rtol: 1e-3, atol: 1e-4 });
  });

  test('a step that is refused changes nothing', async ({ skip }) => {
    skip(noWebgpu !== null, noWebgpu ?? '');
    const of = await trainer(mlp, { ...selecting, device: 'webgpu' });
    await inOneGraph(of, mlp, 0);
    const before = numbersOf(await of.state());
    const { batch, irreducible } = candidatesAt(1, mlp);
    await expect(of.selectAndStep!(batch, irreducible.fill(Number.NaN), rate)).rejects.toThrow(
      /^Cannot select 16 of 80/,
    );
    expect(numbersOf(await of.state())).toEqual(before);
  });
});
