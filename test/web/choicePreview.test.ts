import { expect, test } from 'vitest';
import { inWords } from '../../src/web/choose/choicePreview.ts';

const half = { count: 1, length: 2 };

test('tells how many are scored, and how to score all where nobody has said what is held out', () => {
  expect(inWords({ scored: half, hasTest: true }, { data: 'idx:a' })).toEqual([
    'Score takes 1 of 2 examples: the others are held out, as what the model was trained on. Where it was trained on other data, set “Holdout” to none under Options.',
  ]);
  expect(inWords({ scored: half, hasTest: true }, { data: 'idx:a', holdout: '1:1' })).toEqual([
    'Score takes 1 of 2 examples: the others are held out, as what the model was trained on.',
  ]);
  expect(inWords({ scored: { count: 1, length: 1 }, hasTest: true }, { data: 'idx:a' })).toEqual([
    'Score takes all 1 example.',
  ]);
});

test('names the test data that training lacks', () => {
  expect(inWords({ scored: null, hasTest: false }, { data: 'cifar:data_batch_1.bin' })).toEqual([
    'This is enough to score. To train, choose test data together with them: test_batch.bin (CIFAR-100: test.bin).',
  ]);
  expect(inWords({ scored: null, hasTest: null }, { data: 'idx:a' })).toEqual([]);
});
