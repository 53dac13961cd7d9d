import { expect, test } from 'vitest';
import { noiseInWords } from '../../../src/web/train/noiseInWords.ts';

test.each([
  ['none', 'with its labels as they are'],
  ['flip:0', 'with its labels as they are'],
  ['flip:0.4', '40% of whose labels are made wrong'],
  ['flip:.125', '12.5% of whose labels are made wrong'],
  ['uniform:0.2', '20% of whose labels are drawn at random'],
  ['pairs:3>5:0.5', 'whose labels are made wrong by the rule pairs:3>5:0.5'],
])('%s: %s', (rule, words) => {
  expect(noiseInWords(rule)).toBe(words);
});
