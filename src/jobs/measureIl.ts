import { makeOrder } from '../core/order.ts';
import type { IrreducibleLosses } from '../loop/irreducible.ts';
import type { IlCost } from './costPlan.ts';
import type { Experiment } from './experiment.ts';
import { checkInterrupted, type Host } from './host.ts';
import { checksPerEpoch, type IlOptions } from './il.ts';
import { openIlTrainer } from './ilTrainer.ts';
import { warmUp } from './measureSetting.ts';
import { loadModel } from './model.ts';
import { augmenterFor } from './optimization.ts';

/** Training steps that count, and big batches that are scored, at least. */
const least = { steps: 4, batches: 2 };

/**
 * What an IL model and its losses will take, from training it for `seconds` and scoring for half as long; null where the holdout has no
 * batch to train on.
 */
export async function measureIl(
  { data, split }: Experiment,
  options: IlOptions,
  bigBatch: number,
  seconds: number,
  host: Host,
): Promise<IlCost | null> {
  const { ilModel, ilEpochs, ilBatch, seed } = options;
  if (split.holdout.length < ilBatch) return null;
  const model = await loadModel(ilModel, data, seed);
  const augment = augmenterFor(options, data, seed);
  const order = makeOrder(split.holdout, ilBatch, seed);
  const candidates = makeOrder(split.target, bigBatch, seed);
  const trainer = await openIlTrainer(model, data, seed, options);
  try {
    const stepSeconds = await secondsOf(warmUp, least.steps, seconds, host, async (step) => {
      await trainer.step(augment(await data.gather(order.at(step)), step + 1), options.lr);
    });
    const batchSeconds = await secondsOf(1, least.batches, seconds / 2, host, async (step) => {
      await trainer.score(await data.gather(candidates.at(step)));
    });
    const scoringSeconds = (split.target.length * batchSeconds) / bigBatch;
    const trainingSeconds = ilEpochs * (order.perEpoch * stepSeconds + checksPerEpoch * scoringSeconds);
    return { model: ilModel, trainingSeconds, scoringSeconds, isRecorded: false };
  } finally {
    await trainer.close();
  }
}

/** Seconds that an IL model which is there takes to score the target half. */
export async function measureIlScoring(
  { data, split }: Experiment,
  irreducible: IrreducibleLosses,
  bigBatch: number,
  seconds: number,
  host: Host,
): Promise<number> {
  const candidates = makeOrder(split.target, bigBatch, 0);
  const batchSeconds = await secondsOf(1, least.batches, seconds, host, async (step) => {
    const ids = candidates.at(step);
    await irreducible.at(ids, () => data.gather(ids));
  });
  return (split.target.length * batchSeconds) / bigBatch;
}

/** Mean seconds of something that is done again and again; the first times do not count. */
async function secondsOf(
  uncounted: number,
  least: number,
  seconds: number,
  host: Host,
  once: (index: number) => Promise<void>,
): Promise<number> {
  let began = performance.now();
  for (let index = 0; ; index++) {
    const counted = index - uncounted;
    const elapsed = (performance.now() - began) / 1000;
    if (counted >= least && elapsed >= seconds) return elapsed / counted;
    if (counted === 0) began = performance.now();
    checkInterrupted(host, 'while it was measured');
    await once(index);
  }
}
