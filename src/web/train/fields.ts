import type { CompareOptions } from '../../jobs/compare.ts';
import { usualData, usualTraining } from '../../jobs/defaults.ts';
import { sampleRun } from '../../jobs/sampleRun.ts';
import { fieldName } from '../fieldNames.ts';
import { flagOf } from './commandLine.ts';

type Key =
  | 'model'
  | 'steps'
  | 'lr'
  | 'bigBatch'
  | 'smallBatch'
  | 'seeds'
  | 'targets'
  | 'evalEvery'
  | 'noise'
  | 'holdout'
  | 'ilModel'
  | 'ilEpochs';

/** What the page lets people choose of a training. */
export type Settings = Pick<CompareOptions, Key>;

/** How a setting is typed, and read. */
export type Kind = 'whole' | 'number' | 'wholes' | 'shares' | 'text' | 'model';

/** A setting as the form has it. */
export interface Field {
  readonly key: Key;
  readonly label: string;
  /** What it means, in a few words. */
  readonly hint: string;
  readonly kind: Kind;
}

const field = (key: Key, hint: string, kind: Kind): Field => ({
  key,
  label: fieldName(flagOf(key)) ?? key,
  hint,
  kind,
});

/** Those that everybody chooses. */
export const firstFields: readonly Field[] = [
  field('model', 'what is trained', 'model'),
  field('steps', 'of training, for each strategy', 'whole'),
];

/** Those that have good defaults, which are the ones of the command line. */
export const otherFields: readonly Field[] = [
  field('lr', 'of AdamW', 'number'),
  field('bigBatch', 'that are scored', 'whole'),
  field('smallBatch', 'that are trained on', 'whole'),
  field('seeds', 'commas between them; a run for each', 'wholes'),
  field('evalEvery', 'points of the curves', 'whole'),
  field('targets', 'commas between them', 'shares'),
  field('noise', 'none, flip:0.4, uniform:0.2 …', 'text'),
  field('holdout', 'for the IL model: random:0.5, even-odd, N:M', 'text'),
  field('ilModel', 'tells the irreducible losses', 'model'),
  field('ilEpochs', 'at most, over the holdout', 'whole'),
];

/** Models to choose from, with what is good to know of each; any other is an .onnx file. */
export const models: ReadonlyMap<string, string> = new Map([
  ['mlp:64', 'mlp:64, small and fast'],
  ['mlp:512,512', 'mlp:512,512'],
  ['cnn:16', 'cnn:16, for images'],
  ['cnn', 'cnn, for images, large'],
  ['transformer:2x128', 'transformer:2x128, for texts'],
]);

/** What the command line takes where nobody says otherwise, as it is typed: for the sample what `rho run` does. */
export function usualValue(key: Key, isSample: boolean): string {
  if (key === 'steps') return String(isSample ? sampleRun.steps : 1000);
  if (key === 'targets') return '0.85, 0.9';
  if (key === 'noise' && isSample) return sampleRun.noise;
  return String({ ...usualData, ...usualTraining }[key]);
}

/** What was typed, as the setting that it means. The form has checked that it is of the kind. */
export function readTyped(kind: Kind, typed: string): string | number | readonly (string | number)[] {
  const parts = () => [...new Set(typed.split(',').map((part) => part.trim()))];
  if (kind === 'whole' || kind === 'number') return Number(typed);
  if (kind === 'wholes') return [...new Set(parts().map(Number))];
  return kind === 'shares' ? parts() : typed.trim();
}
