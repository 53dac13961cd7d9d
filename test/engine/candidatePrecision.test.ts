import { expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import type { Batch } from '../../src/core/batch.ts';
import { randomStream } from '../../src/core/random.ts';
import { rankAgreement } from '../../src/core/rankAgreement.ts';
import { openRefreshedScorer } from '../../src/engine/ort/openScorer.ts';
import { openTrainer } from '../../src/engine/ort/openTrainer.ts';

const standardize = { kind: 'standardize', scale: 1 / 255, mean: [0.5], std: [0.3] } as const;
const random = randomStream(4, 'candidates');

function batchOf(dims: readonly number[], count: number): Batch {
  const length = dims.reduce((product, size) => product * size, count);
  return {
    inputs: [{ dtype: 'uint8', dims: [count, ...dims], data: Uint8Array.from({ length }, () => random.below(256)) }],
    labels: Int32Array.from({ length: count }, () => random.below(10)),
  };
}

test.each([
  ['mlp:128,128', [1, 28, 28]],
  ['cnn', [1, 26, 26]],
] as const)(
  'a trainer of %s scores its candidates in 8 bits with the weights of now, and all else in full',
  async (spec, dims) => {
    const options = {
      ...{
        name: spec,
        stored: [{ dtype: 'uint8', dims }] as const,
        preprocessing: standardize,
        device: 'cpu' as const,
      },
      ...{ threads: 1, outputs: ['loss', 'predicted'] as const, classes: 10 },
    };
    const model = buildArchitecture(spec, { inputDims: dims, classes: 10, seed: 1, preprocessing: standardize });
    const trainer = await openTrainer(model, { ...options, smallBatch: 16, seed: 1, candidatePrecision: 'int8' });
    const names = new Set((await trainer.weights()).keys());
    const int8 = await openRefreshedScorer(model, { ...options, precision: 'int8', block: trainer.block }, names);
    const full = await openRefreshedScorer(model, { ...options, block: trainer.block }, names);
    try {
      let before: Float32Array | undefined;
      for (let step = 0; step < 3; step++) {
        const candidates = batchOf(dims, 64);
        const { loss } = await trainer.scoreCandidates(structuredClone(candidates));
        for (const scorer of [int8, full]) await scorer.setWeights(Object.fromEntries(await trainer.weights()));
        expect(loss).toEqual((await int8.score(structuredClone(candidates))).loss);
        const exact = (await trainer.score(structuredClone(candidates))).loss;
        expect(exact).toEqual((await full.score(structuredClone(candidates))).loss);
        expect(loss).not.toEqual(exact);
        expect(rankAgreement(loss, exact).spearman).toBeGreaterThan(0.95);
        expect(loss).not.toEqual(before);
        before = loss;
        await trainer.step(batchOf(dims, 16), 1e-3);
      }
    } finally {
      for (const each of [trainer, int8, full]) await each.close();
    }
  },
);
