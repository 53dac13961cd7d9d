import { afterEach, describe, expect, test } from 'vitest';
import { albert, albertBase } from '../../../src/architectures/albert.ts';
import { type ArchitectureOptions, buildArchitecture } from '../../../src/architectures/architecture.ts';
import { bert, bertBase } from '../../../src/architectures/bert.ts';
import type { Batch, InputSpec } from '../../../src/core/batch.ts';
import type { Preprocessing } from '../../../src/core/preprocessing.ts';
import { randomStream } from '../../../src/core/random.ts';
import { allocate, float32 } from '../../../src/core/tensor.ts';
import type { Scorer, TfBackend, Trainer, TrainerState } from '../../../src/engine/engine.ts';
import { openTrainer as openOrtTrainer, type TrainerOptions } from '../../../src/engine/ort/openTrainer.ts';
import { openTrainer, type TfTrainer, type TfTrainerOptions } from '../../../src/engine/tfjs/open.ts';
import { GraphBuilder } from '../../../src/onnx/builder.ts';
import { type Graph, int, ints } from '../../../src/onnx/graph.ts';
import { optimizerDefaults } from '../../../src/onnx/optimizer.ts';
import { linear, uniform } from '../../onnx/models.ts';

const classes = 5;
const rate = 1e-3;

/** A model and how its examples are stored. */
interface Subject {
  readonly model: Graph;
  readonly stored: InputSpec;
  readonly preprocessing: Preprocessing;
}

const pixels: Preprocessing = { kind: 'standardize', scale: 1 / 255, mean: [0.5], std: [0.25] };
const words: Preprocessing = { kind: 'tokens', tokenizer: 'none', vocabulary: 20, padding: 0 };

function optionsOf({ stored, preprocessing }: Subject, options: Partial<TrainerOptions> = {}): TrainerOptions {
  return {
    name: 'model.onnx',
    stored: [stored],
    preprocessing,
    classes,
    outputs: ['loss', 'predicted'],
    device: 'cpu',
    threads: 1,
    smallBatch: 4,
    seed: 5,
    ...options,
  };
}

/** A batch of its own memory, always the same for one number. */
function batch({ stored: { dtype, dims: sizes }, preprocessing }: Subject, number: number, size = 4): Batch {
  const random = randomStream(number, 'batch');
  const below = preprocessing.kind === 'tokens' ? preprocessing.vocabulary : 256;
  const dims = [size, ...sizes];
  const data = allocate(dtype, dims);
  for (let i = 0; i < data.length; i++) data[i] = random.below(below);
  const labels = Int32Array.from({ length: size }, () => random.below(classes));
  return { inputs: [{ dtype, dims, data }], labels };
}

function built(spec: string, dims: readonly number[], preprocessing = pixels): Subject {
  const model = buildArchitecture(spec, { inputDims: dims, classes, seed: 1, preprocessing });
  return { model, stored: { dtype: preprocessing === words ? 'int32' : 'uint8', dims }, preprocessing };
}

/** A small form of an architecture on texts of six tokens. */
function onWords<Size>(
  build: (options: ArchitectureOptions & { vocabulary: number; size: Size }) => Graph,
  size: Size,
): Subject {
  const model = build({ inputDims: [6], classes, seed: 1, preprocessing: words, vocabulary: 20, size });
  return { model, stored: { dtype: 'int32', dims: [6] }, preprocessing: words };
}

const mlp = built('mlp:16', [12]);

/** Grouped, depthwise, dilated, strided and unevenly padded convolutions, pooling, Dropout and a residual. */
function convolutional(): Subject {
  const dims = [4, 9, 8];
  const b = new GraphBuilder('convolutional');
  b.input({ name: 'x', dtype: 'float32', dims: ['batch', ...dims] });
  const weights = (seed: number, ...sizes: number[]) => b.weight(`w${seed}`, uniform(seed, sizes));
  const bias = b.weight('bias', uniform(9, [8]));
  const first = b.node('Conv', ['x', weights(1, 8, 4, 3, 3), bias], {
    pads: ints([1, 0, 1, 2]),
    strides: ints([2, 1]),
  });
  const active = b.node('Relu', [first]);
  const depthwise = b.node('Conv', [active, weights(2, 8, 1, 3, 3)], { group: int(8), pads: ints([1, 1, 1, 1]) });
  const sum = b.node('Add', [active, depthwise]);
  const grouped = b.node('Conv', [sum, weights(3, 8, 4, 2, 2)], { group: int(2), dilations: ints([2, 1]) });
  const kept = b.node('Dropout', [b.node('Relu', [grouped]), b.constant(float32([0.25], []))]);
  const pooled = b.node('MaxPool', [kept], {
    kernel_shape: ints([2, 2]),
    strides: ints([1, 2]),
    pads: ints([0, 0, 0, 1]),
  });
  const means = b.node('AveragePool', [pooled], { kernel_shape: ints([2, 2]), pads: ints([1, 0, 0, 0]) });
  const flat = b.node('Flatten', [means]);
  const size = Number(b.type(flat).dims[1]);
  b.output(linear(b, flat, 'fc', uniform(4, [classes, size]), uniform(5, [classes])));
  return { model: b.build(), stored: { dtype: 'uint8', dims }, preprocessing: pixels };
}

const opened: Scorer[] = [];

async function tf(subject: Subject, options: Partial<TfTrainerOptions> = {}): Promise<TfTrainer> {
  const made = await openTrainer(subject.model, { ...optionsOf(subject), backend: 'cpu', ...options });
  opened.push(made);
  return made;
}

async function onnx(subject: Subject, options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const made = await openOrtTrainer(subject.model, optionsOf(subject, options));
  opened.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((of) => of.close()));
});

async function train(of: Trainer, subject: Subject, from: number, to: number): Promise<TrainerState> {
  for (let step = from; step < to; step++) await of.step(batch(subject, step), rate);
  return of.state();
}

/** Weights within `tolerance`, moments within that share of the largest. */
function expectAlike(ours: TrainerState, theirs: TrainerState, tolerance = 1e-3) {
  expect(ours.step).toBe(theirs.step);
  expect(Object.keys(ours.tensors).sort()).toEqual(Object.keys(theirs.tensors).sort());
  for (const [name, { dims, data }] of Object.entries(theirs.tensors)) {
    expect(ours.tensors[name]!.dims, name).toEqual(dims);
    const numbers = data as Float32Array;
    const largest = numbers.reduce(
      (most, value) => Math.max(most, Math.abs(value)),
      name.includes('/moment') ? 1e-3 : 1,
    );
    expect(ours.tensors[name]!.data, name).toBeAllClose(numbers, { rtol: 0, atol: tolerance * largest });
  }
}

describe('both engines give the same weights, moments and losses', () => {
  test.each<[string, Subject, { backend?: TfBackend; tolerance?: number; steps?: number }?]>([
    ['mlp', mlp],
    ['convolutions of every kind', convolutional()],
    ['cnn', built('cnn:8', [1, 22, 22]), { steps: 2 }],
    ['resnet', built('resnet:2', [3, 16, 16]), { steps: 2 }],
    ['resnet on wasm', built('resnet:2', [3, 16, 16]), { backend: 'wasm', tolerance: 1e-2 }],
    ['transformer', built('transformer:1x32', [6], words)],
    ['bert', onWords(bert, { ...bertBase, width: 16, layers: 2, heads: 2, feedForward: 32, positions: 8 })],
    ['albert', onWords(albert, { ...albertBase, width: 16, embedding: 8, layers: 3, heads: 2, feedForward: 32 })],
  ])('%s', { timeout: 40_000 }, async (_, subject, { backend = 'cpu', tolerance = 1e-3, steps = 10 } = {}) => {
    const [ours, theirs] = [await tf(subject, { backend }), await onnx(subject)];
    for (let step = 0; step < steps; step++) {
      const [mine, other] = [
        await ours.step(batch(subject, step), rate),
        await theirs.step(batch(subject, step), rate),
      ];
      expect(mine.loss).toBeAllClose(other.loss, { rtol: 1e-4, atol: 1e-4 });
      expect(mine.predicted).toEqual(other.predicted);
      if (step === 0) expectAlike(await ours.state(), await theirs.state(), 1e-4);
      expect(Math.abs(mine.meanLoss - other.meanLoss)).toBeLessThan(1e-4 * (1 + other.meanLoss));
    }
    expectAlike(await ours.state(), await theirs.state(), tolerance);
    const [scored, expected] = [await ours.score(batch(subject, 50, 9)), await theirs.score(batch(subject, 50, 9))];
    expect(scored.loss).toBeAllClose(expected.loss, { rtol: 1e-3, atol: 1e-4 });
    expect(scored.predicted).toEqual(expected.predicted);
  });

  test('with SGD, decay of matrices alone and clipped gradients', async () => {
    const optimizer = { ...optimizerDefaults('sgd'), weightDecay: 0.1, decayAll: false, clipNorm: 0.5 };
    const [ours, theirs] = [await tf(mlp, { optimizer }), await onnx(mlp, { optimizer })];
    expectAlike(await train(ours, mlp, 0, 10), await train(theirs, mlp, 0, 10));
  });
});

test('a checkpoint of either engine is gone on with by the other', async () => {
  const whole = await train(await onnx(mlp), mlp, 0, 10);
  const half = await train(await tf(mlp), mlp, 0, 5);
  expectAlike(await train(await onnx(mlp, { state: half }), mlp, 5, 10), whole);
  const other = await train(await onnx(mlp), mlp, 0, 5);
  expectAlike(await train(await tf(mlp, { state: other }), mlp, 5, 10), whole);
});

describe('a trainer', () => {
  test('gives the same bits when it is run again or gone on with, and others for another seed', async () => {
    const subject = convolutional();
    const onWasm = (options: Partial<TrainerOptions> = {}) => tf(subject, { backend: 'wasm', ...options });
    const whole = await train(await onWasm(), subject, 0, 4);
    const again = await onWasm();
    const half = await train(again, subject, 0, 2);
    const rest = await onWasm({ state: half });
    expect(await train(again, subject, 2, 4)).toEqual(whole);
    expect(await train(rest, subject, 2, 4)).toEqual(whole);
    expect(await train(await onWasm({ seed: 6 }), subject, 0, 4)).not.toEqual(whole);
  });

  test('holds no more tensors after 1,000 steps than after one', async () => {
    const made = await tf(mlp, { scoreEngine: 'same' });
    const use = async (step: number) => {
      await made.step(batch(mlp, step % 10), rate);
      if (step % 100 === 0) await made.score(batch(mlp, 0, 150));
    };
    await use(0);
    const held = await made.tensorCount();
    for (let step = 1; step <= 1000; step++) await use(step);
    expect(await made.tensorCount()).toBe(held);
  });

  test('answers each call as soon as it is done', async () => {
    const made = await tf(built('mlp:64', [12]));
    const answered: number[] = [];
    const steps = Array.from({ length: 20 }, (_, step) =>
      made.step(batch(mlp, step), rate).then(() => answered.push(step)),
    );
    await steps[0];
    expect(answered.length).toBeLessThan(20);
    await Promise.all(steps);
    expect(answered).toEqual(Array.from({ length: 20 }, (_, step) => step));
  });

  test('scores each batch with the weights of its turn, in ONNX Runtime as in TensorFlow.js', async () => {
    const [onOrt, same] = [await tf(mlp), await tf(mlp, { scoreEngine: 'same' })];
    const turns = async (made: TfTrainer) => {
      const calls: Promise<{ loss: Float32Array }>[] = [];
      for (let step = 0; step < 3; step++) {
        calls.push(made.score(batch(mlp, 50, 130)), made.score(batch(mlp, 51, 130)));
        void made.step(batch(mlp, step), 0.1);
      }
      return (await Promise.all(calls)).map(({ loss }) => loss);
    };
    const [ours, theirs] = [await turns(onOrt), await turns(same)];
    ours.forEach((loss, i) => {
      expect(loss).toBeAllClose(theirs[i]!, { rtol: 1e-4, atol: 1e-4 });
    });
    expect(ours[2]).not.toBeAllClose(ours[0]!, { rtol: 1e-2, atol: 1e-2 });
  });

  test('computes every kind of score itself', async () => {
    const outputs = ['loss', 'predicted', 'margin', 'gradientNorm'] as const;
    const [onOrt, same] = [await tf(mlp, { outputs }), await tf(mlp, { outputs, scoreEngine: 'same' })];
    const [theirs, ours] = [await onOrt.score(batch(mlp, 1, 7)), await same.score(batch(mlp, 1, 7))];
    expect(ours.predicted).toEqual(theirs.predicted);
    for (const output of ['loss', 'margin', 'gradientNorm'] as const)
      expect(ours[output]!).toBeAllClose(theirs[output]!, { rtol: 1e-4, atol: 1e-5 });
  });

  test('goes on as before after a batch that it cannot use', async () => {
    const made = await tf(mlp);
    const wrong: Batch = { ...batch(mlp, 0), labels: new Int32Array(4).fill(classes) };
    await expect(made.step(wrong, rate)).rejects.toThrow('Cannot use the label 5: the model knows 5 classes');
    await expect(made.step(batch(mlp, 0, 3), rate)).rejects.toThrow('Cannot train on 3 examples at once, expected 4');
    expect(await train(made, mlp, 0, 2)).toEqual(await train(await tf(mlp), mlp, 0, 2));
  });
});

describe('what cannot be opened', () => {
  test('a backend that is not there is an error of the environment that says why', async () => {
    await expect(tf(mlp, { backend: 'tfjs-node' })).rejects.toMatchObject({
      kind: 'environment',
      message: 'Cannot use TensorFlow.js with tfjs-node: the package "@tensorflow/tfjs-node" is not installed',
    });
  });

  test('an operator without a gradient is refused before a thread is started', async () => {
    const b = new GraphBuilder('model');
    b.input({ name: 'x', dtype: 'float32', dims: ['batch', 12] });
    b.output(b.node('HardSigmoid', [linear(b, 'x', 'fc', uniform(1, [classes, 12]), uniform(2, [classes]))]));
    await expect(tf({ ...mlp, model: b.build() })).rejects.toThrow('Cannot train through HardSigmoid');
  });
});
