import { expect, test } from 'vitest';
import type { StoreOverview } from '../../src/web/look/messages.ts';
import { headline, summary } from '../../src/web/look/storeInWords.ts';

const overview: StoreOverview = {
  folder: '/stores/digits',
  data: { name: 'idx:digits', length: 20, classes: 2, split: 'target', holdout: 'random:0.5', noise: 'none' },
  models: ['mlp:64'],
  device: 'wasm',
  rows: 10,
  nan: 0,
  meanLoss: 0.1724,
  accuracy: 0.8,
  differing: 2,
  suspects: 1,
  truth: null,
  labels: [],
  predicted: [],
  confusions: [],
  isMatrix: true,
  shows: null,
  doubts: [],
};

test('tells how many are suspect, of which examples, and what that means', () => {
  expect(headline(overview)).toBe('1 of 10 labels is suspect (10.0%)');
  expect(summary(overview)).toBe(
    'Losses by mlp:64 (wasm) on idx:digits: the examples that were not held out to train the model (holdout random:0.5 of 20). Their mean is 0.172. 2 are predicted as another class than their label (20.0%). Suspect are those of them that are predicted at least as surely as examples that do have the predicted label are on average.',
  );
});

test('tells how many of the suspects are wrong where that is known', () => {
  const truth = { wrong: 4, wrongSuspects: 1 };
  expect(headline({ ...overview, truth })).toBe('1 of 10 labels is suspect (10.0%), 100.0% of them truly wrong');
  expect(summary({ ...overview, truth })).toMatch(/ In truth 4 labels are wrong \(40\.0%\)\.$/);
});

test('counts no suspects where there are none to be told, and speaks of all examples where none is held out', () => {
  const unknown: StoreOverview = { ...overview, suspects: null, data: { ...overview.data, holdout: 'none' } };
  expect(headline(unknown)).toBe('10 labels, ranked by irreducible loss');
  expect(summary(unknown)).toMatch(/^Losses by mlp:64 \(wasm\) on idx:digits: all 20 examples\./);
  expect(summary(unknown)).not.toMatch(/[Ss]uspect/);
});
