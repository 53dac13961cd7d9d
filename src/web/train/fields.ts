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
  | 'irreducible'
  | 'noise'
  | 'holdout'
  | 'ilModel'
  | 'ilEpochs';

/** What the page lets people choose of a training. */
export type Settings = Pick<CompareOptions, Key>;

/** How a setting is typed, and read. */
export type Kind = 'whole' | 'number' | 'wholes' | 'shares' | 'text' | 'model' | 'losses';

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
  field('irreducible', 'what a model gets wrong that has learnt from other examples: rho leaves that aside', 'losses'),
];

/** Those that have good defaults, which are the ones of the command line. */
export const otherFields: readonly Field[] = [
  field('lr', 'of AdamW', 'number'),
  field('bigBatch', 'drawn at random; rho scores them', 'whole'),
  field('smallBatch', 'the best of them, which are trained on', 'whole'),
  field('seeds', 'commas between them; each strategy is trained from each', 'wholes'),
  field('evalEvery', 'on the test data: the points of the curves', 'whole'),
  field('targets', 'on the test data, commas between them: how soon each is reached', 'shares'),
  field('noise', 'labels made wrong on purpose: none, flip:0.4, uniform:0.2 …', 'text'),
  field(
    'holdout',
    'examples for the IL model alone: a share (random:0.5), every other one (even-odd), or counts of both halves (2000:8000)',
    'text',
  ),
  field('ilModel', 'learns the holdout; its losses are the irreducible ones', 'model'),
  field('ilEpochs', 'over the holdout, at most: it stops where more does not help', 'whole'),
];

/** What a store of irreducible losses decides by itself, for it was made so. */
export const decidedByLosses: ReadonlySet<Key> = new Set<Key>(['noise', 'holdout', 'ilModel', 'ilEpochs']);

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
  if (key === 'irreducible') return '';
  if (key === 'noise' && isSample) return sampleRun.noise;
  return String({ ...usualData, ...usualTraining }[key]);
}

/** What was typed, as the setting that it means. The form has checked that it is of the kind. */
export function readTyped(kind: Kind, typed: string): string | number | readonly (string | number)[] | null {
  const parts = () => [...new Set(typed.split(',').map((part) => part.trim()))];
  if (kind === 'whole' || kind === 'number') return Number(typed);
  if (kind === 'wholes') return [...new Set(parts().map(Number))];
  if (kind === 'losses') return typed === '' ? null : typed;
  return kind === 'shares' ? parts() : typed.trim();
}

/** What has to be typed, a sentence; `example` is a value that will do. */
export function wanted(kind: Kind, example: string): string {
  if (kind === 'whole') return 'Give a whole number, 1 or more.';
  if (kind === 'number') return 'Give a number above 0.';
  if (kind === 'wholes') return 'Give whole numbers with commas between them, such as 0, 1, 2.';
  if (kind === 'shares') return 'Give accuracies above 0, up to 1, such as 0.85, 0.9.';
  if (kind === 'model') return 'Choose one .onnx file, and what lies beside it.';
  return `Give a rule, such as ${example}.`;
}
