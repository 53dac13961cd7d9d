import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sample = fileURLToPath(new URL('../../data/mnist-sample', import.meta.url));
const serial = { name: 'exact', flags: [] };
const stale = { name: 'exact, 1 behind', flags: ['--staleness', 1] };
const listed = { name: 'exact, 1 behind, shortlist 64', flags: ['--staleness', 1, '--shortlist', 64] };
const int8 = { name: 'int8', flags: ['--scoring', 'int8'] };
const int8Listed = {
  name: 'int8, 1 behind, shortlist 64',
  flags: ['--scoring', 'int8', '--staleness', 1, '--shortlist', 64],
};
const reused = { name: 'int8, reuse 160', flags: ['--scoring', 'int8', '--reuse', 160] };

const digits = (noise) => ({
  data: (root) => ['--data', `idx:${join(root, 'mnist')}`, '--noise', noise],
  target: ['--model', 'mlp:512,512', '--eval-every', 20],
  il: ['--il-model', 'mlp:64'],
  steps: 1000,
  accuracies: ['0.9', '0.93', '0.95'],
  settings: [serial, int8, int8Listed, stale],
});

/**
 * What selection is timed on: flags of the data, of the target and of the IL model, the steps at a constant rate, the accuracies
 * to reach, the middle one of which counts for the step gain, and the ways of scoring, the first of them exact.
 */
export const selectionCases = {
  sample: {
    ...digits('flip:0.4'),
    data: () => ['--data', `idx:${sample}`, '--noise', 'flip:0.4'],
    needsData: false,
    steps: 300,
    accuracies: ['0.8', '0.85', '0.9'],
  },
  'mnist-0.1': digits('flip:0.1'),
  'mnist-0.4': digits('flip:0.4'),
  'cifar10n-worse': {
    data: (root) => [
      ...['--data', `cifar:${join(root, 'cifar10')}`],
      ...['--labels', `${join(root, 'cifar10n', 'cifar10n-labels.csv.gz')}:worse`],
    ],
    target: ['--model', 'cnn', '--eval-every', 50],
    il: ['--il-model', 'cnn'],
    steps: 1000,
    accuracies: ['0.35', '0.4', '0.45'],
    settings: [serial, int8, reused, int8Listed],
  },
  'sst2-0.2': {
    data: (root) => [
      ...['--data', `tsv:${join(root, 'sst2')}`, '--vocab', join(root, 'bert-vocab', 'vocab.txt')],
      ...['--noise', 'flip:0.2'],
    ],
    target: ['--model', 'transformer:2x128', '--eval-every', 30],
    il: ['--il-model', 'transformer:2x128', '--il-epochs', 2],
    steps: 600,
    accuracies: ['0.7', '0.73', '0.76'],
    settings: [serial, int8, listed],
  },
};

/** The cases that were asked for, all but the sample where none was; those that lack their data come with the reason. */
export function wantedCases(names, root) {
  const wanted = names ?? Object.keys(selectionCases).filter((name) => name !== 'sample');
  return wanted.map((name) => {
    const found = selectionCases[name];
    if (found === undefined)
      throw new Error(`Cannot time "${name}": expected one of ${Object.keys(selectionCases).join(', ')}`);
    const lacks = found.needsData !== false && !root;
    return { name, ...found, skipped: lacks ? `${name} skipped: RHO_DATA is not set` : null };
  });
}
