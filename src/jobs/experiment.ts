import { dataError, usageError } from '../core/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { fingerprintData } from '../data/fingerprint.ts';
import { giveLabels } from '../data/givenLabels.ts';
import { addLabelNoise } from '../data/labelNoise.ts';
import { openData, requireTestBeside } from '../data/open.ts';
import { type Split, splitHoldout } from '../data/split.ts';
import { withPreprocessing } from '../data/withPreprocessing.ts';

/** Which data are used and how they are divided, as on the command line. */
export interface DataOptions {
  /** FORMAT:PATH of the training data. */
  readonly data: string;
  /** FORMAT:PATH of the test data; null takes the test files that lie beside the training data. */
  readonly test: string | null;
  readonly holdout: string;
  readonly noise: string;
  /** FILE:COLUMN of labels to train on in place of those of the training data; null keeps these. */
  readonly labels: string | null;
  /** The vocabulary that texts are cut by; null takes the vocab.txt beside them. */
  readonly vocab: string | null;
  /** Ids that a text is cut or filled up to; null takes 64. */
  readonly tokens: number | null;
  /** Width and height that encoded images are brought to; null leaves them. */
  readonly imageSize: number | null;
  /** How stored numbers become what a model is fed: auto, raw, unit or standardize:MEAN,…/STD,…; null is auto. */
  readonly preprocessing: string | null;
  readonly dataSeed: number;
}

/** Training data with the labels to train on. */
export interface TrainingData {
  readonly options: DataOptions;
  readonly data: Dataset;
  /** Identifies stored bytes and labels as trained on. */
  readonly fingerprint: string;
}

/** Training data, split into holdout and target, and the test data that go with them. */
export interface Experiment extends TrainingData {
  readonly split: Split;
  readonly test: Dataset;
  readonly testFingerprint: string;
}

/** Opens the data of an experiment. */
export async function openExperiment(options: DataOptions): Promise<Experiment> {
  const { data: name, test: testName, vocab = null, tokens = null, imageSize = null } = options;
  if (testName === null) await requireTestBeside(name);
  const training = await openTrainingData(options);
  const { classes, classNames } = training.data;
  const stored = await openData(testName ?? name, 'test', {
    classes,
    ...(classNames && { classNames }),
    ...{ vocab, tokens, imageSize },
  });
  const test = withPreprocessing(stored, options.preprocessing ?? 'auto');
  requireAlike(training.data, test);
  return { ...training, split: splitOf(training), test, testFingerprint: await fingerprintData(test) };
}

/** Holdout and target of training data. */
export function splitOf({ data, options }: TrainingData): Split {
  return splitHoldout(options.holdout, data.length, options.dataSeed);
}

/** Bytes of a file that is held in memory although it is gone through once, in order. */
const inMemoryOnce = 32 * 2 ** 20;

/** Opens training data to go through them once, in order: large files stay on disk. */
export function openToScore(options: DataOptions): Promise<TrainingData> {
  return openTrainingData(options, inMemoryOnce);
}

/**
 * Opens training data alone. Everything random in it follows from `dataSeed`. Files of more than `inMemory` bytes, default 256
 * MiB, stay on disk where their format allows it.
 */
export async function openTrainingData(options: DataOptions, inMemory?: number): Promise<TrainingData> {
  const { data: name, test, holdout, noise, dataSeed } = options;
  // A run begun before there were these has no word of them.
  const { labels = null, vocab = null, tokens = null, imageSize = null, preprocessing = null } = options;
  if (labels !== null && noise !== 'none')
    throw usageError(`Cannot add --noise ${noise} to the labels of --labels ${labels}: give one of them`);
  const stored = withPreprocessing(
    await openData(name, 'train', { vocab, tokens, imageSize, ...(inMemory !== undefined && { inMemory }) }),
    preprocessing ?? 'auto',
  );
  const data = labels === null ? addLabelNoise(stored, noise, dataSeed) : await giveLabels(stored, labels);
  return {
    options: { data: name, test, holdout, noise, labels, vocab, tokens, imageSize, preprocessing, dataSeed },
    data,
    fingerprint: await fingerprintData(data),
  };
}

/** Throws a usage error where a half of the data has no whole batch of `size` examples; `flag` is the option that says it. */
export function requireBatch(
  { options, split }: Experiment,
  half: 'holdout' | 'target',
  size: number,
  flag: string,
): void {
  const { length } = split[half];
  if (length < size)
    throw usageError(
      `Cannot draw batches of ${size} from ${length} ${half} examples: pass a smaller ${flag}, or another --holdout than ${options.holdout}`,
    );
}

/** A model trained on `data` must be able to take `test`. */
function requireAlike(data: Dataset, test: Dataset): void {
  const shape = ({ inputs }: Dataset) => inputs.map(({ dtype, dims }) => `${dtype} [${dims.join(', ')}]`).join(' and ');
  if (shape(data) !== shape(test))
    throw dataError(
      `Cannot test on "${test.name}": its examples are ${shape(test)}, those of "${data.name}" are ${shape(data)}; pass --test data of the same kind`,
    );
  if (JSON.stringify(data.preprocessing) !== JSON.stringify(test.preprocessing))
    throw dataError(
      `Cannot test on "${test.name}": its preprocessing is ${JSON.stringify(test.preprocessing)}, that of "${data.name}" is ${JSON.stringify(data.preprocessing)}; pass --test data of the same kind, texts with one --vocab`,
    );
}

/** The share of labels among `ids` that are wrong; null where the truth is not known. */
export function noiseRate({ labels, trueLabels }: Dataset, ids: Uint32Array): number | null {
  if (trueLabels === undefined || ids.length === 0) return null;
  return ids.filter((id) => labels[id] !== trueLabels[id]).length / ids.length;
}
