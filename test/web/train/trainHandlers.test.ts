import { expect, test } from 'vitest';
import { memoryDataset } from '../../../src/data/memoryDataset.ts';
import { showExamplesOf, trainHandlers } from '../../../src/web/train/trainHandlers.ts';

const dataOf = (label: number) =>
  memoryDataset({
    name: 'numbers',
    classes: 3,
    inputs: [{ dtype: 'float32', dims: [1, 2], data: Float32Array.of(1, 2) }],
    labels: Int32Array.of(label),
    preprocessing: { kind: 'none' },
  });
const labelsOf = async (folder: string) => (await trainHandlers.chosen({ folder, ids: [0] })).map(({ label }) => label);

test('examples are shown of the run that is trained, as soon as its data are open, and of no other', async () => {
  expect(await labelsOf('/runs/1/rho')).toEqual([]);
  showExamplesOf('/runs/1')(await dataOf(1));
  expect(await labelsOf('/runs/1/rho')).toEqual(['1']);
  showExamplesOf('/runs/2')(await dataOf(2));
  expect(await labelsOf('/runs/1/rho')).toEqual([]);
  expect(await labelsOf('/runs/2/uniform')).toEqual(['2']);
  // Going on with the first, before its data are open.
  const opened = showExamplesOf('/runs/1');
  for (const folder of ['/runs/1/rho', '/runs/2/rho']) expect(await labelsOf(folder)).toEqual([]);
  opened(await dataOf(1));
  expect(await labelsOf('/runs/1/uniform')).toEqual(['1']);
});
