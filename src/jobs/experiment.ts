import { dataError, usageError } from '../core/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { fingerprintData } from '../data/fingerprint.ts';
import { addLabelNoise } from '../data/labelNoise.ts';
import { openData } from '../data/open.ts';
import { type Split, splitHoldout } from '../data/split.ts';

/** Which data are used and how they are divided, as on the command line. */
export interface DataOptions {
  /** FORMAT:PATH of the training data. */
  readonly data: string;
  /** FORMAT:PATH of the test data; null takes the test files that lie beside the training data. */
  readonly test: string | null;
  readonly holdout: string;
  readonly noise: string;
  readonly dataSeed: number;
}

/** Training data with their noise, split into holdout and target, and the test data. */
export interface Experiment {
  readonly options: DataOptions;
  readonly data: Dataset;
  readonly test: Dataset;
  readonly split: Split;
  /** Identifies stored bytes and labels as trained on. */
  readonly fingerprint: string;
  readonly testFingerprint: string;
}

/** Opens the data of an experiment. Everything random in it follows from `dataSeed`. */
export async function openExperiment(options: DataOptions): Promise<Experiment> {
  const clean = await openData(options.data, 'train');
  const split = splitHoldout(options.holdout, clean.length, options.dataSeed);
  const data = addLabelNoise(clean, options.noise, options.dataSeed);
  const test = await openData(options.test ?? options.data, 'test', { classes: data.classes });
  requireAlike(data, test);
  const { data: name, test: testName, holdout, noise, dataSeed } = options;
  return {
    options: { data: name, test: testName, holdout, noise, dataSeed },
    data,
    test,
    split,
    fingerprint: await fingerprintData(data),
    testFingerprint: await fingerprintData(test),
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
}

/** The share of labels among `ids` that are wrong; null where the truth is not known. */
export function noiseRate({ labels, trueLabels }: Dataset, ids: Uint32Array): number | null {
  if (trueLabels === undefined || ids.length === 0) return null;
  return ids.filter((id) => labels[id] !== trueLabels[id]).length / ids.length;
}
