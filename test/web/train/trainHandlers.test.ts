import { expect, test } from 'vitest';
import { memoryDataset } from '../../../src/data/memoryDataset.ts';
import { forgetExamples, showExamplesOf, trainHandlers } from '../../../src/web/train/trainHandlers.ts';

const dataOf = (label: number) =>
  memoryDataset({
    name: 'numbers',
    classes: 3,
    inputs: [{ dtype: 'float32', dims: [1, 2], data: Float32Array.of(1, 2) }],
    labels: Int32Array.of(label),
    preprocessing: { kind: 'none' },
  });
const labelsOf = async (folder: string) => (await trainHandlers.chosen({ folder, ids: [0] })).map(({ label }) => label);

test('examples are shown of a target whose data are open, and of no other run', async () => {
  expect(await labelsOf('/runs/1/rho')).toEqual([]);
  showExamplesOf(await dataOf(1), '/runs/1/rho');
  expect(await labelsOf('/runs/1/rho')).toEqual(['1']);
  forgetExamples();
  showExamplesOf(await dataOf(2), '/runs/2/uniform');
  expect([await labelsOf('/runs/1/rho'), await labelsOf('/runs/2/uniform')]).toEqual([[], ['2']]);
});
