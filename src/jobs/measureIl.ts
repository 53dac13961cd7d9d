import { makeOrder } from '../core/order.ts';
import type { IrreducibleLosses } from '../loop/irreducible.ts';
import type { IlMeasurement } from './costPlan.ts';
import type { Experiment } from './experiment.ts';
import { checkInterrupted, type Host } from './host.ts';
import type { IlOptions } from './il.ts';
import { openIlTrainer } from './ilTrainer.ts';
import { leastSteps, warmUp } from './measureSetting.ts';
import { loadModel } from './model.ts';
import { augmenterFor } from './optimization.ts';

/** Big batches that are scored, at least. */
const leastScored = 2;

/** Trains an IL model from its first step for `seconds`, and scores for as long; null where the holdout has no batch to train on. */
export async function measureIlTraining(
  { data, split }: Experiment,
  options: IlOptions,
  bigBatch: number,
  seconds: number,
  host: Host,
): Promise<IlMeasurement | null> {
  const { ilModel, ilEpochs, ilBatch, seed } = options;
  if (split.holdout.length < ilBatch) return null;
  const model = await loadModel(ilModel, data, seed);
  const augment = augmenterFor(options, data, seed);
  const order = makeOrder(split.holdout, ilBatch, seed);
  const trainer = await openIlTrainer(model, data, seed, options);
  try {
    const stepSeconds = await secondsOf(warmUp, leastSteps, seconds, host, async (step) => {
      await trainer.step(augment(await data.gather(order.at(step)), step + 1), options.lr);
    });
    const candidates = makeOrder(split.target, bigBatch, seed);
    const batchSeconds = await secondsOf(1, leastScored, seconds / 2, host, async (step) => {
      await trainer.score(await data.gather(candidates.at(step)));
    });
    const measured = { stepSeconds, exampleSeconds: batchSeconds / bigBatch };
    return { model: ilModel, epochs: ilEpochs, batch: ilBatch, holdout: split.holdout.length, ...measured };
  } finally {
    await trainer.close();
  }
}

/** What it costs to score with the IL model at `path`, which is there already. */
export async function measureIlScoring(
  { data, split }: Experiment,
  path: string,
  irreducible: IrreducibleLosses,
  bigBatch: number,
  seconds: number,
  host: Host,
): Promise<IlMeasurement> {
  const candidates = makeOrder(split.target, bigBatch, 0);
  const batchSeconds = await secondsOf(1, leastScored, seconds / 2, host, async (step) => {
    const ids = candidates.at(step);
    await irreducible.at(ids, () => data.gather(ids));
  });
  return {
    ...{ model: path, epochs: 0, batch: 1, holdout: 0 },
    ...{ stepSeconds: null, exampleSeconds: batchSeconds / bigBatch },
  };
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
