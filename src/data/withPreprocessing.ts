import { usageError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import type { Dataset } from './dataset.ts';

/** What brings stored bytes to 0..1. */
const byteScale = 1 / 255;

/**
 * The data set with another preprocessing, as `rule` says: `auto` that of its format; `raw` the stored numbers as they are, 0
 * to 255 for images; `unit` brought to 0..1; `standardize:MEAN,…/STD,…` brought to 0..1, then standardised, with one value for
 * all channels or one for each. Throws a usage error for another rule, and for data that are ids of texts.
 */
export function withPreprocessing(dataset: Dataset, rule: string): Dataset {
  if (rule === 'auto') return dataset;
  const refuse = (reason: string) => usageError(`Cannot use --preprocessing "${rule}": ${reason}`);
  const { preprocessing, inputs } = dataset;
  if (preprocessing.kind === 'tokens')
    throw refuse(`the data "${dataset.name}" are texts, whose tokens are ids, expected auto`);
  if (rule === 'raw') return { ...dataset, preprocessing: { kind: 'none' } };
  const [input] = inputs;
  const channels = input!.dims.length === 3 ? input!.dims[0]! : 1;
  const own = preprocessing.kind === 'standardize' ? preprocessing.scale : 1;
  const scale = input!.dtype === 'uint8' ? byteScale : own;
  const standardize = (mean: readonly number[], std: readonly number[]): Preprocessing => ({
    ...{ kind: 'standardize', scale, mean, std },
  });
  if (rule === 'unit')
    return { ...dataset, preprocessing: standardize(Array(channels).fill(0), Array(channels).fill(1)) };
  const [, means, deviations] = /^standardize:([^/]+)\/([^/]+)$/.exec(rule) ?? [];
  if (means === undefined || deviations === undefined)
    throw refuse(
      'expected auto, raw, unit or standardize:MEAN,…/STD,…, for instance standardize:0.485,0.456,0.406/0.229,0.224,0.225',
    );
  const valuesOf = (text: string, what: string) => {
    const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (!values.every(Number.isFinite)) throw refuse(`its ${what} "${text}" is no list of numbers`);
    if (values.length !== 1 && values.length !== channels)
      throw refuse(
        `it has ${values.length} values as ${what}, the data have ${channels} channels; give 1 or ${channels}`,
      );
    return values.length === channels ? values : Array<number>(channels).fill(values[0]!);
  };
  const std = valuesOf(deviations, 'deviation');
  if (!std.every((value) => value > 0)) throw refuse(`its deviation "${deviations}" has to be above 0`);
  return { ...dataset, preprocessing: standardize(valuesOf(means, 'mean'), std) };
}
