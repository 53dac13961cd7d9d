import { expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import type { Scores } from '../../src/engine/engine.ts';
import { scoringWithCurrent } from '../../src/engine/scoringWithCurrent.ts';

const scalar = (value: number): Tensor => ({ dtype: 'float32', dims: [], data: Float32Array.of(value) });
const batchOf = (label: number): Batch => ({ inputs: [], labels: Int32Array.of(label) });
const after = <T>(ms: number, result: () => T) =>
  new Promise<T>((resolve, reject) =>
    setTimeout(() => {
      try {
        resolve(result());
      } catch (error) {
        reject(error);
      }
    }, ms),
  );
const failing = (ms: number, message: string) =>
  after<never>(ms, () => {
    throw new Error(message);
  });

/** A trainer of one weight, and a scorer that gives this weight as the loss of its one example. */
function pair(taking: (weight: number) => Promise<void> = async () => undefined) {
  let trained = 0;
  let weight = Number.NaN;
  const scored: number[] = [];
  const scorer = {
    async setWeights(weights: Readonly<Record<string, Tensor>>) {
      weight = Number(weights.w!.data[0]);
      await taking(weight);
    },
    async score({ labels }: Batch) {
      scored.push(labels[0]!);
      return { loss: Float32Array.of(weight) } as Scores;
    },
    close: async () => undefined,
  };
  const weights = async () => {
    const now = trained;
    return after(20, () => ({ w: scalar(now) }));
  };
  const current = scoringWithCurrent(weights, scorer);
  const step = () => {
    trained += 1;
    current.outdate();
  };
  return { current, step, scored };
}

test('each batch is scored with the weights of when it was asked for, in turn', async () => {
  const { current, step, scored } = pair();
  const first = current.score(() => after(60, () => batchOf(1)));
  const second = current.score(batchOf(2));
  step();
  const third = current.score(batchOf(3));
  const losses = (await Promise.all([first, second, third])).map(({ loss }) => loss[0]);
  expect(losses).toEqual([0, 0, 1]);
  expect(scored).toEqual([1, 2, 3]);
});

test('no failure counts as unhandled while a call waits for its turn, and those behind a failure fail with it', async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', listener);
  try {
    const { current, step } = pair((weight) => (weight === 1 ? failing(10, 'not taken') : Promise.resolve()));
    const calls = [current.score(() => after(60, () => batchOf(1))), current.score(() => failing(1, 'disk failure'))];
    step();
    calls.push(current.score(() => after(30, () => batchOf(3))));
    const ended = (await Promise.allSettled(calls)).map((result) =>
      result.status === 'fulfilled' ? result.value.loss[0] : result.reason.message,
    );
    expect(ended).toEqual([0, 'disk failure', 'disk failure']);
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', listener);
  }
});
