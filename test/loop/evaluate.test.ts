import { beforeAll, expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { memoryDataset } from '../../src/data/memoryDataset.ts';
import type { Scorer, Scores } from '../../src/engine/engine.ts';
import { batchesOf, evaluate, scoreBatches } from '../../src/loop/evaluate.ts';

/** Example i is the number i, with the label i mod 3. */
let data: Dataset;
beforeAll(async () => {
  data = await memoryDataset({
    name: 'numbers',
    classes: 3,
    inputs: [{ dtype: 'float32', dims: [1], data: Float32Array.from({ length: 1200 }, (_, i) => i) }],
    labels: Int32Array.from({ length: 1200 }, (_, i) => i % 3),
    preprocessing: { kind: 'none' },
  });
});

/** The loss of example i is i / 4; class 0 is predicted for all. */
function scoresOf({ inputs, labels }: Batch): Scores {
  return {
    loss: (inputs[0]!.data as Float32Array).map((value) => value / 4),
    predicted: new Int32Array(labels.length),
  };
}

/** Answers each batch after `delays` milliseconds, and tells how many were asked for at most at the same time. */
function lateScorer(...delays: number[]): Scorer & { most(): number } {
  let asked = 0;
  let waiting = 0;
  let most = 0;
  return {
    async score(batch) {
      most = Math.max(most, ++waiting);
      await new Promise((resolve) => setTimeout(resolve, delays[asked++ % delays.length]));
      waiting -= 1;
      return scoresOf(batch);
    },
    close: async () => undefined,
    most: () => most,
  };
}

async function collect(scorer: Scorer, ids: Uint32Array, batch: number): Promise<{ ids: number[]; loss: number[] }[]> {
  const results = [];
  for await (const result of scoreBatches(scorer, data, batchesOf(ids, batch)))
    results.push({ ids: [...result.ids], loss: [...result.scores.loss] });
  return results;
}

test('results come in the order of the ids, however late each is', async () => {
  const scorer = lateScorer(30, 1, 15, 0, 8);
  const ids = Uint32Array.of(9, 3, 7, 1, 5, 8, 2, 6, 4, 0, 11);
  expect(await collect(scorer, ids, 2)).toEqual(
    [[9, 3], [7, 1], [5, 8], [2, 6], [4, 0], [11]].map((part) => ({ ids: part, loss: part.map((id) => id / 4) })),
  );
});

test('while one batch is computed the next is on its way, but not all of them', async () => {
  const scorer = lateScorer(5);
  await collect(
    scorer,
    Uint32Array.from({ length: 40 }, (_, id) => id),
    4,
  );
  expect(scorer.most()).toBe(3);
});

test('no ids give no results', async () => {
  expect(await collect(lateScorer(0), new Uint32Array(), 4)).toEqual([]);
});

test('a failure comes when its turn does, and one behind it goes unnoticed', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  let asked = 0;
  const scorer: Scorer = {
    async score(batch) {
      if (++asked === 1) await new Promise((resolve) => setTimeout(resolve, 20));
      else throw new Error(`batch ${asked} failed`);
      return scoresOf(batch);
    },
    close: async () => undefined,
  };
  const seen: number[] = [];
  const run = async () => {
    for await (const { ids } of scoreBatches(scorer, data, batchesOf(Uint32Array.of(0, 1, 2, 3, 4, 5), 2)))
      seen.push(...ids);
  };
  await expect(run()).rejects.toThrow('batch 2 failed');
  expect(seen).toEqual([0, 1]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test('accuracy and loss are means over all examples, the last batch being smaller', async () => {
  // Batches of 500: ids 3, 4 … 1199, of which a third has the label 0.
  const ids = Uint32Array.from({ length: 1197 }, (_, i) => i + 3);
  const { accuracy, loss } = await evaluate(lateScorer(3, 0), data, ids);
  expect(accuracy).toBe(399 / 1197);
  // The mean of 3 … 1199 is 601.
  expect(loss).toBe(601 / 4);
});
