import { expect, test } from 'vitest';
import { doubtsAbout } from '../../src/store/doubts.ts';
import type { StoreManifest } from '../../src/store/manifest.ts';
import { description } from './example.ts';

const { model, scoring, ...described } = description;
const of = (statistics: StoreManifest['statistics']): readonly string[] =>
  doubtsAbout({
    format: 'rho-loss-store',
    version: 1,
    ...described,
    models: [model],
    scoring: { ...scoring, agreement: null, seconds: 1 },
    count: 4,
    statistics,
    shards: [],
  });

test('losses of a model that knows something are not doubted', () => {
  expect(of({ meanLoss: 0.75, accuracy: 0.75, nan: 0, infinite: 0 })).toEqual([]);
  expect(of({ meanLoss: 0.75, accuracy: null, nan: 1, infinite: 0 })).toEqual([]);
});

test('a mean loss of ln classes and more, the accuracy of guessing, and losses that are no numbers are', () => {
  expect(of({ meanLoss: 1.4, accuracy: 0.9, nan: 0, infinite: 0 })).toEqual([
    'Mean loss 1.40 is no better than guessing (ln 4 = 1.39): check --preprocessing, --logits and the order of labels',
  ]);
  expect(of({ meanLoss: 1.3, accuracy: 0.26, nan: 0, infinite: 0 })).toEqual([
    'Accuracy 0.260 is that of guessing among 4 classes: check the IL model and the order of labels',
  ]);
  expect(of({ meanLoss: null, accuracy: 0.5, nan: 4, infinite: 0 })).toEqual([
    'No loss is a number: check the data and --preprocessing',
  ]);
});
