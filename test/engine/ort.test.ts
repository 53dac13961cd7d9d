import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { mlp } from '../../src/architectures/mlp.ts';
import type { Batch } from '../../src/core/batch.ts';
import { randomStream } from '../../src/core/random.ts';
import { float32, type Tensor } from '../../src/core/tensor.ts';
import type { Scorer, StepResult, Trainer, TrainerState } from '../../src/engine/engine.ts';
import { openScorer, type ScorerOptions } from '../../src/engine/ort/openScorer.ts';
import { openTrainer, type TrainerOptions } from '../../src/engine/ort/openTrainer.ts';
import { adamwDefaults } from '../../src/onnx/adamw.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { linear, uniform } from '../onnx/models.ts';
import { timeless } from './timeless.ts';

const width = 64;
const classes = 10;
const smallBatch = 32;

const feeding: ScorerOptions = {
  name: 'model.onnx',
  stored: [{ dtype: 'uint8', dims: [width] }],
  preprocessing: { kind: 'standardize', scale: 1 / 255, mean: [0.5], std: [0.25] },
  outputs: ['loss', 'predicted'],
  device: 'cpu',
  threads: 1,
};
const training: TrainerOptions = { ...feeding, smallBatch, seed: 5 };
const rate = 1e-3;

/** Large enough that ONNX Runtime spreads it over two threads. */
function model(seed = 1): Graph {
  return mlp({ inputDims: [width], hidden: [256, 256], classes, seed });
}

function dropoutModel(): Graph {
  const builder = new GraphBuilder('dropout');
  builder.input({ name: 'x', dtype: 'float32', dims: ['batch', width] });
  const hidden = builder.node('Relu', [linear(builder, 'x', 'fc1', uniform(1, [32, width]), uniform(2, [32]))]);
  const kept = builder.node('Dropout', [hidden, builder.constant(float32([0.25], []))]);
  builder.output(linear(builder, kept, 'fc2', uniform(3, [classes, 32]), uniform(4, [classes])));
  return builder.build();
}

/** A batch of its own memory, always the same for one number. */
function batch(number: number, size = smallBatch): Batch {
  const random = randomStream(number, 'batch');
  const pixels = Uint8Array.from({ length: size * width }, () => random.below(256));
  const labels = Int32Array.from({ length: size }, () => random.below(classes));
  return { inputs: [{ dtype: 'uint8', dims: [size, width], data: pixels }], labels };
}

const opened: Scorer[] = [];

async function trainer(of: Graph = model(), options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const made = await openTrainer(of, { ...training, ...options });
  opened.push(made);
  return made;
}

async function scorer(of: Graph = model(), options: Partial<ScorerOptions> = {}): Promise<Scorer> {
  const made = await openScorer(of, { ...feeding, ...options });
  opened.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((of) => of.close()));
});

async function takeSteps(of: Trainer, from: number, to: number): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (let step = from; step < to; step++) results.push(await of.step(batch(step), rate));
  return results;
}

async function trained(of: Graph, options: Partial<TrainerOptions>, steps = 20): Promise<TrainerState> {
  const made = await trainer(of, options);
  await takeSteps(made, 0, steps);
  return made.state();
}

/** A state with a hash in place of each tensor's bytes. */
function hashed({ step, tensors }: TrainerState) {
  const hash = ({ data }: Tensor) => createHash('sha256').update(new Uint8Array(data.buffer)).digest('hex');
  return { step, tensors: Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, hash(tensor)])) };
}

async function firstLayer(of: Trainer) {
  const { tensors } = await of.state();
  const [weight, moment] = ['fc1.weight', 'fc1.weight/moment2'].map((name) => tensors[name]!.data as Float32Array);
  return { weight: weight!, moment: moment! };
}

function withWeights(of: Graph, weights: ReadonlyMap<string, Tensor>): Graph {
  return { ...of, weights: new Map([...of.weights].map(([name, tensor]) => [name, weights.get(name) ?? tensor])) };
}

describe('training gives the same weights and moments byte for byte', () => {
  test('when it is done twice', async () => {
    const first = hashed(await trained(model(), {}));
    expect(first.step).toBe(20);
    expect(new Set(Object.values(first.tensors)).size).toBe(3 * model().weights.size);
    expect(hashed(await trained(model(), {}))).toEqual(first);
    expect(hashed(await trained(model(2), {})).tensors['fc1.weight']).not.toBe(first.tensors['fc1.weight']);
  });

  test('on one thread and on two', async () => {
    const [one, two] = [await trained(model(), { threads: 1 }), await trained(model(), { threads: 2 })];
    expect(hashed(two)).toEqual(hashed(one));
  });

  test('when it goes on from the state of another trainer', async () => {
    const state = await trained(model(), {}, 10);
    const rest = await trainer(model(99), { state });
    await takeSteps(rest, 10, 20);
    expect(hashed(await rest.state())).toEqual(hashed(await trained(model(), {})));
  });

  test('with Dropout too, whose masks follow from seed and step alone', async () => {
    const whole = hashed(await trained(dropoutModel(), {}));
    const rest = await trainer(dropoutModel(), { state: await trained(dropoutModel(), {}, 10) });
    await takeSteps(rest, 10, 20);
    expect(hashed(await rest.state())).toEqual(whole);
    const other = hashed(await trained(dropoutModel(), { seed: 6 }));
    expect(other.tensors['fc2.weight']).not.toBe(whole.tensors['fc2.weight']);
  });
});

test('Dropout draws another mask at every step', async () => {
  const made = await trainer(dropoutModel());
  const [first, second] = [await made.step(batch(0), 0), await made.step(batch(0), 0)];
  expect(first.loss).not.toEqual(second.loss);
});

describe('a trainer', () => {
  test('learns: the loss of a batch seen again and again goes down', async () => {
    const made = await trainer();
    const losses: number[] = [];
    for (let step = 0; step < 30; step++) losses.push((await made.step(batch(0), rate)).meanLoss);
    expect(losses[0]).toBeGreaterThan(2);
    expect(losses.at(-1)).toBeLessThan(0.2);
  });

  test('reports the losses before the step, of each example and their mean', async () => {
    const made = await trainer();
    await takeSteps(made, 0, 3);
    const before = await made.score(batch(7));
    const { meanLoss, loss, predicted } = await made.step(batch(7), rate);
    expect(loss).toBeAllClose(before.loss);
    expect(predicted).toEqual(before.predicted);
    expect(meanLoss).toBeCloseTo(loss.reduce((sum, value) => sum + value) / smallBatch, 5);
  });

  test('leaves the weights alone at learning rate 0, and moves the step count', async () => {
    const made = await trainer();
    const { weight: before } = await firstLayer(made);
    await made.step(batch(0), 0);
    const { weight, moment } = await firstLayer(made);
    expect(weight).toEqual(before);
    expect(moment.some((value) => value !== 0)).toBe(true);
    expect((await made.state()).step).toBe(1);
  });

  test('starts from the weights of the model and zero moments', async () => {
    const of = model();
    const made = await trainer(of);
    const weights = await made.weights();
    expect([...weights.keys()]).toEqual([...of.weights.keys()]);
    expect(weights.get('fc3.weight')).toEqual(of.weights.get('fc3.weight'));
    const { step, tensors } = await made.state();
    expect(step).toBe(0);
    expect(Object.keys(tensors)).toHaveLength(3 * of.weights.size);
    const { weight, moment } = await firstLayer(made);
    expect(weight).toEqual(of.weights.get('fc1.weight')!.data);
    expect(moment.every((value) => value === 0)).toBe(true);
  });

  test('gives out copies of its weights and state', async () => {
    const made = await trainer();
    await takeSteps(made, 0, 2);
    const [weights, state] = [await made.weights(), await made.state()];
    const kept = hashed(state);
    await takeSteps(made, 2, 5);
    expect(hashed(state)).toEqual(kept);
    for (const { data } of weights.values()) data.fill(0 as never);
    expect((await made.weights()).get('fc1.weight')!.data[0]).not.toBe(0);
  });

  test('takes optimiser settings', async () => {
    // So large an epsilon leaves nothing of the gradient, and the decay alone.
    const frozen = await trainer(model(), { optimizer: { ...adamwDefaults, weightDecay: 0.5, epsilon: 1e30 } });
    const before = model().weights.get('fc1.weight')!.data as Float32Array;
    await frozen.step(batch(0), 0.5);
    expect((await frozen.weights()).get('fc1.weight')!.data as Float32Array).toBeAllClose(
      before.map((value) => value * 0.75),
    );
  });

  test('goes on as before after a batch that it cannot use', async () => {
    const made = await trainer();
    const wrong: Batch = { ...batch(0), labels: new Int32Array(smallBatch).fill(classes) };
    await expect(made.step(wrong, rate)).rejects.toThrow();
    await expect(made.step(batch(0, smallBatch + 1), rate)).rejects.toThrow();
    await takeSteps(made, 0, 5);
    expect(hashed(await made.state())).toEqual(hashed(await trained(model(), {}, 5)));
  });
});

describe('a scorer', () => {
  test('with the trained weights put back gives the losses of the trainer', async () => {
    const made = await trainer();
    await takeSteps(made, 0, 20);
    const fixed = await scorer(withWeights(model(), await made.weights()));
    for (const size of [1, 320]) {
      const [ours, theirs] = [await fixed.score(batch(50, size)), await made.score(batch(50, size))];
      expect(ours.loss).toBeAllClose(theirs.loss);
      expect(ours.predicted).toEqual(theirs.predicted);
      expect(ours.loss.length).toBe(size);
    }
  });

  test('gives the same losses on one thread and on two, and whatever the batch an example is in', async () => {
    const [one, two] = [await scorer(), await scorer(model(), { threads: 2 })];
    const { loss } = await one.score(batch(50, 320));
    expect((await two.score(batch(50, 320))).loss).toEqual(loss);
    const { inputs, labels } = batch(50, 320);
    const alone: Batch = {
      inputs: [{ dtype: 'uint8', dims: [3, width], data: (inputs[0]!.data as Uint8Array).slice(0, 3 * width) }],
      labels: labels.slice(0, 3),
    };
    expect((await one.score(alone)).loss).toBeAllClose(loss.slice(0, 3));
  });

  test('computes what was asked for and no more', async () => {
    const scores = await (await scorer(model(), { outputs: ['margin', 'loss'] })).score(batch(0, 4));
    expect(Object.keys(scores).sort()).toEqual(['loss', 'margin', 'span']);
    expect(scores.margin).toBeInstanceOf(Float32Array);
    const all = await (await scorer(model(), { outputs: ['loss', 'predicted', 'margin', 'gradientNorm'] })).score(
      batch(0, 4),
    );
    expect(all.predicted).toBeInstanceOf(Int32Array);
    expect(all.margin).toEqual(scores.margin);
    expect(all.gradientNorm!.length).toBe(4);
  });

  test('scores Dropout as if it were not there', async () => {
    const [made, fixed] = [await trainer(dropoutModel()), await scorer(dropoutModel())];
    const { loss } = await fixed.score(batch(3));
    expect((await made.score(batch(3))).loss).toBeAllClose(loss);
    expect((await made.step(batch(3), rate)).loss).not.toEqual(loss);
  });
});

test('a label that is no class is an error, not a loss', async () => {
  const wrong = (label: number): Batch => ({ ...batch(0), labels: new Int32Array(smallBatch).fill(label) });
  const made = await scorer();
  for (const label of [classes, 1000]) await expect(made.score(wrong(label))).rejects.toThrow();
  expect((await made.score(batch(0))).loss.every(Number.isFinite)).toBe(true);
});

describe('calls', () => {
  test('made without waiting are answered in order, each with the weights of its turn', async () => {
    const waiting = await trainer();
    const scored = await waiting.score(batch(50));
    const steps = await takeSteps(waiting, 0, 3);
    const rescored = await waiting.score(batch(50));

    const queued = await trainer();
    const order: string[] = [];
    const noted = async <T extends object>(name: string, call: Promise<T>) => {
      const result = timeless(await call);
      order.push(name);
      return result;
    };
    const results = await Promise.all([
      noted('score', queued.score(batch(50))),
      ...[0, 1, 2].map((step) => noted(`step ${step}`, queued.step(batch(step), rate))),
      noted('again', queued.score(batch(50))),
      noted('state', queued.state().then(hashed)),
    ]);
    expect(order).toEqual(['score', 'step 0', 'step 1', 'step 2', 'again', 'state']);
    expect(results).toEqual([...[scored, ...steps, rescored].map(timeless), hashed(await waiting.state())]);
    expect(timeless(rescored)).not.toEqual(timeless(scored));
  });

  test('move the buffers of their batch', async () => {
    const given = batch(0);
    await (await scorer()).score(given);
    expect([given.inputs[0]!.data.length, given.labels.length]).toEqual([0, 0]);
  });
});

describe('closing', () => {
  test('waits for the calls in flight', async () => {
    const made = await trainer();
    const answered: string[] = [];
    const calls = [0, 1, 2].map((step) => made.step(batch(step), rate).then(() => answered.push(`step ${step}`)));
    const state = made.state().then(({ step }) => answered.push(`state of ${step}`));
    await made.close();
    expect(answered).toEqual(['step 0', 'step 1', 'step 2', 'state of 3']);
    await Promise.all([...calls, state]);
  });

  test('twice is as once, and calls after it are rejected', async () => {
    const made = await scorer();
    await made.score(batch(0));
    await Promise.all([made.close(), made.close()]);
    await made.close();
    await expect(made.score(batch(0))).rejects.toThrow('The scorer thread ended: ');
  });
});

describe('what cannot be opened', () => {
  test('an unavailable device is an error of the environment', async (context) => {
    for (const open of [
      () => openScorer(model(), { ...feeding, device: 'cuda' }),
      () => openTrainer(model(), { ...training, device: 'cuda' }),
    ]) {
      const result = await open().catch((error: unknown) => error);
      if (!(result instanceof Error)) {
        await (result as Scorer).close();
        context.skip('this machine has CUDA');
      }
      expect(result).toMatchObject({ kind: 'environment' });
      expect((result as Error).message).toMatch(
        /^Cannot use the device "cuda": [^\n]+; "rho doctor" lists what works here$/,
      );
    }
  });

  test('a graph that ONNX Runtime refuses is an error that says why', async () => {
    const of = model();
    const broken = {
      ...of,
      nodes: of.nodes.map((node) => (node.op === 'Relu' ? { ...node, inputs: [...node.inputs, 'input'] } : node)),
    };
    await expect(openScorer(broken, feeding)).rejects.toThrow(
      /^Cannot use the model: ONNX Runtime does not load its graph \(.*Relu/,
    );
  });

  test('a model that does not fit the data is refused before a thread is started', async () => {
    const stored = [{ dtype: 'uint8', dims: [width + 1] }] as const;
    await expect(openScorer(model(), { ...feeding, stored })).rejects.toMatchObject({ kind: 'data' });
    await expect(openTrainer(model(), { ...training, stored })).rejects.toMatchObject({ kind: 'data' });
  });
});
