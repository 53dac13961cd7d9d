import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import type { Batch } from '../../src/core/batch.ts';
import { permutation, randomStream } from '../../src/core/random.ts';
import { type RankAgreement, rankAgreement } from '../../src/core/rankAgreement.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { openIdx } from '../../src/data/idx.ts';
import type { Precision, Scorer } from '../../src/engine/engine.ts';
import { openScorer, type ScorerOptions } from '../../src/engine/ort/openScorer.ts';
import { openTrainer } from '../../src/engine/ort/openTrainer.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { readModel } from '../../src/onnx/model.ts';

const root = join(import.meta.dirname, '../..');
const opened: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(opened.splice(0).map((of) => of.close())));

/** A model, what feeds it, and examples. */
interface Scored {
  readonly model: Graph;
  readonly options: Omit<ScorerOptions, 'threads' | 'precision'>;
  /** The examples of these numbers. */
  gather(ids: readonly number[]): Promise<Batch>;
  readonly count: number;
}

async function scorer({ model, options }: Scored, precision: Precision, threads = 1): Promise<Scorer> {
  const made = await openScorer(model, { ...options, precision, threads });
  opened.push(made);
  return made;
}

const all = ({ count }: Scored) => Array.from({ length: count }, (_, id) => id);

async function lossesIn(of: Scored, precision: Precision, threads = 1): Promise<Float32Array> {
  return (await (await scorer(of, precision, threads)).score(await of.gather(all(of)))).loss;
}

async function agreementOf(of: Scored, precision: Precision): Promise<RankAgreement> {
  return rankAgreement(await lossesIn(of, 'fp32'), await lossesIn(of, precision));
}

let digits: Dataset;
let mlp: Scored;
let sampleModel: Scored;
let transformer: Scored;

function onDigits(model: Graph): Scored {
  const { inputs: stored, preprocessing } = digits;
  const options = { name: 'mlp', stored, preprocessing, device: 'cpu', outputs: ['loss'] } as const;
  return { model, options, count: 2000, gather: (ids) => digits.gather(ids) };
}

/** An MLP after 300 steps on digits of the sample. */
async function trainedMlp(): Promise<Graph> {
  const data = await openIdx(join(root, 'data/mnist-sample'), 'train');
  const model = buildArchitecture('mlp:256,256', { inputDims: [1, 28, 28], classes: 10, seed: 1 });
  const { options } = onDigits(model);
  const trainer = await openTrainer(model, { ...options, threads: 1, smallBatch: 64, seed: 1 });
  const order = permutation(data.labels.length, randomStream(1, 'order'));
  for (let step = 0; step < 300; step++)
    await trainer.step(await data.gather([...order.subarray((step % 150) * 64, (step % 150) * 64 + 64)]), 1e-3);
  const weights = await trainer.weights();
  await trainer.close();
  return {
    ...model,
    weights: new Map([...model.weights].map(([name, tensor]) => [name, weights.get(name) ?? tensor])),
  };
}

beforeAll(async () => {
  digits = await openIdx(join(root, 'data/mnist-sample'), 'test');
  mlp = onDigits(await trainedMlp());
  const file = join(root, 'models/mnist-sample-il/il.onnx');
  sampleModel = onDigits(readModel(new Uint8Array(await readFile(file)), file));
  const tokens = { kind: 'tokens', tokenizer: 'none', vocabulary: 500, padding: 0 } as const;
  const stored = [{ dtype: 'int32', dims: [16] }] as const;
  transformer = {
    model: buildArchitecture('transformer:2x128', { inputDims: [16], classes: 5, seed: 1, preprocessing: tokens }),
    options: { name: 'transformer', stored, preprocessing: tokens, device: 'cpu', outputs: ['loss'] },
    count: 300,
    // Texts of 1 to 16 words, then padding.
    gather: async (ids) => ({
      inputs: [
        {
          dtype: 'int32',
          dims: [ids.length, 16],
          data: Int32Array.from(ids.flatMap((id) => text(id))),
        },
      ],
      labels: Int32Array.from(ids, (id) => id % 5),
    }),
  };
});

function text(id: number): number[] {
  const random = randomStream(id, 'text');
  const length = 1 + random.below(16);
  return Array.from({ length: 16 }, (_, place) => (place < length ? 1 + random.below(499) : 0));
}

const models: readonly [string, () => Scored][] = [
  ['an MLP', () => mlp],
  ['a transformer', () => transformer],
];

describe.each(models)('in int8, the loss of an example by %s', (_, of) => {
  test('has the same bits whatever shares its batch, however large that is', async () => {
    const scored = of();
    const { score } = await scorer(scored, 'int8');
    const alone = await lossesIn(scored, 'int8');
    const ids = fc.array(fc.nat({ max: scored.count - 1 }), { minLength: 1, maxLength: 70 });
    await fc.assert(
      fc.asyncProperty(ids, async (chosen) => {
        const { loss } = await score(await scored.gather(chosen));
        expect(loss).toEqual(Float32Array.from(chosen, (id) => alone[id]!));
      }),
      { numRuns: 60 },
    );
  });

  test('has the same bits on one thread and on two', async () => {
    expect(await lossesIn(of(), 'int8', 2)).toEqual(await lossesIn(of(), 'int8'));
  });
});

describe('the order of losses in int8 is that in fp32', () => {
  test('for an MLP trained on digits', async () => {
    const { spearman, topTenthOverlap } = await agreementOf(mlp, 'int8');
    expect(spearman).toBeGreaterThan(0.999);
    expect(topTenthOverlap).toBeGreaterThan(0.98);
  });

  test('for the IL model of the sample, whose first layer alone is large enough', async () => {
    const { spearman, topTenthOverlap } = await agreementOf(sampleModel, 'int8');
    expect(spearman).toBeGreaterThan(0.9999);
    expect(topTenthOverlap).toBeGreaterThan(0.98);
  });

  test('for a transformer with the weights it starts with, whose losses hardly differ', async () => {
    const { spearman, topTenthOverlap } = await agreementOf(transformer, 'int8');
    expect(spearman).toBeGreaterThan(0.99);
    expect(topTenthOverlap).toBeGreaterThan(0.8);
  });
});

describe('losses in fp16 are those in fp32 to a hundredth', () => {
  test.each(models)('for %s', async (_, of) => {
    const [exact, rough] = [await lossesIn(of(), 'fp32'), await lossesIn(of(), 'fp16')];
    expect(rough).toBeAllClose(exact, { rtol: 1e-2, atol: 1e-3 });
    expect(rough).not.toEqual(exact);
  });
});

test('int8 on another device is refused before it is looked for', async () => {
  const { model, options } = mlp;
  const opening = openScorer(model, { ...options, device: 'cuda', threads: 1, precision: 'int8' });
  await expect(opening).rejects.toThrow(
    /^Cannot score "mlp" in int8 on the device "cuda": .* --device cpu or --precision fp16$/,
  );
});
