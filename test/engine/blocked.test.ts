import { afterEach, describe, expect, test } from 'vitest';
import { mlp } from '../../src/architectures/mlp.ts';
import { resnet18 } from '../../src/architectures/resnet.ts';
import type { Batch } from '../../src/core/batch.ts';
import { randomStream } from '../../src/core/random.ts';
import type { Trainer, TrainerState } from '../../src/engine/engine.ts';
import { findBlock } from '../../src/engine/ort/block.ts';
import { openScorer } from '../../src/engine/ort/openScorer.ts';
import { openTrainer, type TrainerOptions } from '../../src/engine/ort/openTrainer.ts';

const block = await findBlock();
const blocked = test.skipIf(block === null);
const why = '(skipped where ONNX Runtime has no blocked operators)';
const dims = [3, 8, 8];
const smallBatch = 16;
const common = {
  name: 'resnet',
  stored: [{ dtype: 'uint8', dims }],
  preprocessing: { kind: 'standardize', scale: 1 / 255, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  outputs: ['loss', 'predicted'],
  device: 'cpu',
  threads: 1,
} as const;
const model = () => resnet18({ inputDims: dims, classes: 4, seed: 1, width: 16 });

const open: Trainer[] = [];
afterEach(async () => {
  for (const trainer of open.splice(0)) await trainer.close();
});

async function trainer(options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const opened = await openTrainer(model(), { ...common, smallBatch, seed: 1, ...options });
  open.push(opened);
  return opened;
}

function batchAt(step: number, count = smallBatch): Batch {
  const random = randomStream(step, 'batch');
  const data = Uint8Array.from({ length: count * 192 }, () => random.below(256));
  return {
    inputs: [{ dtype: 'uint8', dims: [count, ...dims], data }],
    labels: Int32Array.from({ length: count }, () => random.below(4)),
  };
}

async function steps(of: Trainer, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step <= to; step++) losses.push((await of.step(batchAt(step), 1e-3)).meanLoss);
  return losses;
}

function bytesOf({ tensors, ...rest }: TrainerState) {
  return { ...rest, tensors: Object.entries(tensors).map(([name, { data }]) => [name, Array.from(data, Number)]) };
}

describe('a trainer with blocked convolutions', () => {
  blocked(`says so, and follows the standard operators ${why}`, async () => {
    const [auto, standard] = [await trainer(), await trainer({ lowering: 'standard' })];
    expect([auto.block, standard.block]).toEqual([block, null]);
    expect(await steps(auto, 1, 3)).toBeAllClose(await steps(standard, 1, 3), { rtol: 2e-4 });
    expect((await standard.state()).block).toBeUndefined();
  });

  blocked(`gives its weights in the plain order: another scorer gives the same losses ${why}`, async () => {
    const of = await trainer();
    await steps(of, 1, 2);
    const weights = await of.weights();
    const scorer = await openScorer({ ...model(), weights }, common);
    const theirs = await scorer.score(batchAt(9, 5)).finally(() => scorer.close());
    expect((await of.score(batchAt(9, 5))).loss).toBeAllClose(theirs.loss, { rtol: 1e-4 });
  });

  blocked.each(['candidates', 'steps'])(
    `goes on from its state bit for bit, averages from %s ${why}`,
    async (averages) => {
      const options = averages === 'steps' ? {} : { averagesOf: 24 };
      const whole = await trainer(options);
      const train = async (of: Trainer, from: number, to: number) => {
        for (let step = from; step <= to; step++) {
          await of.scoreCandidates(batchAt(100 + step, 24));
          await steps(of, step, step);
        }
      };
      await train(whole, 1, 2);
      const halfway = await whole.state();
      expect(halfway.block).toBe(block);
      await train(whole, 3, 4);
      const resumed = await trainer({ ...options, state: halfway });
      await train(resumed, 3, 4);
      expect(bytesOf(await resumed.state())).toEqual(bytesOf(await whole.state()));
    },
  );

  blocked(`goes on with what a run was begun with, and refuses another block ${why}`, async () => {
    const begun = await (await trainer({ lowering: 'standard' })).state();
    const taken = { ...begun, step: 5 };
    expect((await trainer({ state: taken })).block).toBe(null);
    await expect(trainer({ state: { ...taken, block: 4 } })).rejects.toThrow(
      /^Cannot go on with this run bit for bit: it was begun with blocked operators of 4, this machine has \d+/,
    );
  });
});

test('a model without convolutions has no block', async () => {
  const opened = await openTrainer(mlp({ inputDims: dims, hidden: [8], classes: 4, seed: 1 }), {
    ...common,
    smallBatch,
    seed: 1,
  });
  open.push(opened);
  expect(opened.block).toBe(null);
});
