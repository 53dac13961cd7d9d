import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { memoryDataset } from '../../src/data/memoryDataset.ts';
import { withPreprocessing } from '../../src/data/withPreprocessing.ts';

const usual = { kind: 'standardize', scale: 1 / 255, mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] } as const;

function images(preprocessing: Dataset['preprocessing'] = usual): Promise<Dataset> {
  const data = new Uint8Array(2 * 12);
  const inputs = [{ dtype: 'uint8', dims: [3, 2, 2], data }] as const;
  return memoryDataset({ name: 'idx:digits', classes: 2, inputs, labels: new Int32Array(2), preprocessing });
}

test.each<[string, Dataset['preprocessing']]>([
  ['auto', usual],
  ['raw', { kind: 'none' }],
  ['unit', { kind: 'standardize', scale: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1] }],
  ['standardize:0.5/0.25', { ...usual, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }],
  ['standardize:0.5,0.25,-1e-1/2', { ...usual, mean: [0.5, 0.25, -0.1], std: [2, 2, 2] }],
])('%s', async (rule, expected) => {
  const dataset = await images();
  const changed = withPreprocessing(dataset, rule);
  expect(changed).toEqual({ ...dataset, preprocessing: expected });
});

test.each([
  ['Raw', 'expected auto, raw, unit or standardize:MEAN,…/STD,…, for instance'],
  ['standardize:0.5', 'expected auto, raw, unit or standardize:MEAN,…/STD,…, for instance'],
  ['standardize:0.5,/1', 'its mean "0.5," is no list of numbers'],
  ['standardize:a/1', 'its mean "a" is no list of numbers'],
  ['standardize:1,2/1', 'it has 2 values as mean, the data have 3 channels; give 1 or 3'],
  ['standardize:1/1,2,3,4', 'it has 4 values as deviation, the data have 3 channels; give 1 or 3'],
  ['standardize:1/0', 'its deviation "0" has to be above 0'],
])('"%s" is refused', async (rule, reason) => {
  const dataset = await images();
  const message = expect.stringContaining(`Cannot use --preprocessing "${rule}": ${reason}`);
  expect(() => withPreprocessing(dataset, rule)).toThrow(expect.objectContaining({ kind: 'usage', message }));
});

test('texts are fed as their ids and in no other way', async () => {
  const dataset = await images({ kind: 'tokens', tokenizer: 'test', vocabulary: 9, padding: 0 });
  expect(withPreprocessing(dataset, 'auto')).toBe(dataset);
  expect(() => withPreprocessing(dataset, 'raw')).toThrow(
    'Cannot use --preprocessing "raw": the data "idx:digits" are texts, whose tokens are ids, expected auto',
  );
});
