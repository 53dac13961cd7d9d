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

test('examples are shown of the targets that are trained, each of its own data, as soon as these are open, and of no other', async () => {
  expect(await labelsOf('/runs/1/rho')).toEqual([]);
  showExamplesOf(await dataOf(1), '/runs/1/rho');
  showExamplesOf(await dataOf(2), '/runs/1/rho-seed-1');
  expect(await labelsOf('/runs/1/rho')).toEqual(['1']);
  expect(await labelsOf('/runs/1/rho-seed-1')).toEqual(['2']);
  // Another run, of whose data nothing is known yet.
  forgetExamples();
  for (const folder of ['/runs/1/rho', '/runs/2/rho']) expect(await labelsOf(folder)).toEqual([]);
});
