import { RhoError, usageError } from '../core/errors.ts';
import { makeOrder, type Order } from '../core/order.ts';
import { reportedLater } from '../core/reportedLater.ts';
import type { Tensor } from '../core/tensor.ts';
import { sha256 } from '../data/hash.ts';
import type { DeviceOptions, Lowering, Trainer } from '../engine/engine.ts';
import type { EngineOptions } from '../engine/open.ts';
import { evaluate } from '../loop/evaluate.ts';
import { replaceWeights } from '../onnx/model.ts';
import { joinPath, makeFolder, writeFileAtomic } from '../runtime/files.ts';
import { versions } from '../runtime/host.ts';
import { packIds } from '../store/idSet.ts';
import { type Experiment, requireBatch } from './experiment.ts';
import { checkInterrupted, type Host } from './host.ts';
import { type IlCard, type IlCheck, ilCardVersion } from './ilCard.ts';
import { openIlTrainer } from './ilTrainer.ts';
import { loadModel, type ModelFile, modelFrom, parameterCount } from './model.ts';
import { augmenterFor, type OptimizationOptions, optimizerFrom } from './optimization.ts';

export interface IlOptions extends DeviceOptions, EngineOptions, OptimizationOptions {
  /** An architecture such as `mlp:64`, or an .onnx file to train on from. */
  readonly ilModel: string;
  /** How convolutions are written. */
  readonly lowering: Lowering;
  /** Most passes over the holdout. */
  readonly ilEpochs: number;
  readonly ilBatch: number;
  /** Checks in a row without a lower loss after which training ends. */
  readonly ilPatience: number;
  readonly seed: number;
}

/** A trained IL model with its card. */
export interface IlResult {
  readonly model: ModelFile;
  readonly card: IlCard;
}

/** Added to a seed, it leads to streams that no target uses. */
const ilStreams = 1_000_000_007;

/** The model is checked this often in a pass over the holdout. */
const checksPerEpoch = 2;

/**
 * Trains the irreducible-loss model on the holdout and keeps the weights with the lowest mean loss on the target's training
 * half, labels as given (Algorithm 1 of the paper; the test set has no say). Writes `il.onnx` and its card into `folder`.
 */
export async function trainIlModel(
  experiment: Experiment,
  options: IlOptions,
  folder: string,
  host: Host,
): Promise<IlResult> {
  const { data, split } = experiment;
  requireBatch(experiment, 'holdout', options.ilBatch, '--il-batch');
  if (split.target.length === 0)
    throw usageError(
      `Cannot choose the weights of an IL model: --holdout ${experiment.options.holdout} leaves no target examples to measure them by, pass another`,
    );
  // Streams of its own: a target of the same architecture must not begin with the same weights in the same order.
  const streams = ilStreams + options.seed;
  const initial = await loadModel(options.ilModel, data, streams);
  const order = makeOrder(split.holdout, options.ilBatch, streams);
  const trainer = await openIlTrainer(initial, data, streams, options);
  const began = performance.now();
  const fitted = await fit(trainer, order, streams, experiment, options, host).finally(() => trainer.close());
  const bytes = replaceWeights(initial.bytes, initial.name, fitted.weights);
  const card: IlCard = {
    format: 'rho-loss-il-card',
    version: ilCardVersion,
    created: new Date().toISOString(),
    model: { architecture: options.ilModel, parameters: parameterCount(initial.graph), sha256: await sha256(bytes) },
    data: { ...experiment.options, fingerprint: experiment.fingerprint, length: data.length, classes: data.classes },
    preprocessing: data.preprocessing,
    trainedOn: {
      dataFingerprint: experiment.fingerprint,
      contentHash: data.contentHash,
      ids: packIds(split.holdout, data.length),
    },
    training: {
      seed: options.seed,
      engine: options.engine,
      batch: options.ilBatch,
      learningRate: options.lr,
      optimizer: optimizerFrom(options),
      augment: options.augment,
      block: trainer.block,
      epochs: fitted.checks.at(-1)!.epoch,
      seconds: (performance.now() - began) / 1000,
    },
    checks: fitted.checks,
    best: fitted.best,
    versions: versions(),
  };
  await makeFolder(folder);
  await writeFileAtomic(joinPath(folder, 'il.onnx'), bytes);
  await writeFileAtomic(joinPath(folder, 'il.json'), `${JSON.stringify(card, null, 2)}\n`);
  return { model: modelFrom(bytes, options.ilModel), card };
}

interface Fitted {
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly best: IlCheck;
  readonly checks: readonly IlCheck[];
}

async function fit(
  trainer: Trainer,
  order: Order,
  seed: number,
  { data, split }: Experiment,
  options: IlOptions,
  host: Host,
): Promise<Fitted> {
  await host.begin();
  const { progress } = host;
  const steps = order.perEpoch * options.ilEpochs;
  const checkEvery = Math.max(1, Math.floor(order.perEpoch / checksPerEpoch));
  const checks: IlCheck[] = [];
  let best: IlCheck | undefined;
  let weights: ReadonlyMap<string, Tensor> = new Map();
  progress.start(`IL model ${options.ilModel}`, steps);
  const augment = augmenterFor(options, data, seed);
  const takeStep = async (step: number) => {
    const batch = await data.gather(order.at(step - 1));
    const { meanLoss } = await trainer.step(augment(batch, step), options.lr);
    requireFinite(meanLoss, step);
    progress.update(step, `loss ${meanLoss.toFixed(2)}`);
  };
  let underWay = Promise.resolve();
  for (let step = 1; step <= steps; step++) {
    checkInterrupted(host, 'while the IL model was trained, which begins anew');
    // The next step is queued before the last one is done: the thread never waits for its messages.
    const queued = reportedLater(takeStep(step));
    await Promise.all([underWay, step % checkEvery === 0 ? queued : null]);
    underWay = queued;
    if (step % checkEvery !== 0) continue;
    const { accuracy, loss } = await evaluate(trainer, data, split.target);
    const check = { step, epoch: step / order.perEpoch, accuracy, loss };
    requireFinite(check.loss, step);
    checks.push(check);
    if (best === undefined || check.loss < best.loss) {
      best = check;
      weights = await trainer.weights();
    }
    const sinceBest = checks.length - 1 - checks.indexOf(best);
    if (sinceBest >= options.ilPatience) break;
  }
  progress.finish(`lowest loss ${best!.loss.toFixed(3)}, accuracy ${best!.accuracy.toFixed(3)} on the target half`);
  return { weights, best: best!, checks };
}

function requireFinite(loss: number, step: number): void {
  if (!Number.isFinite(loss))
    throw new RhoError('diverged', `IL training diverged: the loss of step ${step} is ${loss}, try a lower --lr`);
}
