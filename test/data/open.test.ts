import { expect, test } from 'vitest';
import { openData } from '../../src/data/open.ts';

test('FORMAT:PATH is opened, checked against the classes and named as given', async () => {
  const dataset = await openData('idx:data/mnist-sample', 'test', { classes: 12 });
  expect([dataset.name, dataset.length, dataset.classes]).toEqual(['idx:data/mnist-sample', 2000, 12]);
});

test('an unknown format is refused with the known ones', async () => {
  await expect(openData('constructor:x', 'train')).rejects.toMatchObject({
    kind: 'usage',
    message:
      'Cannot open data "constructor:x": unknown format "constructor", expected one of idx, cifar, images, csv, tsv, jsonl, parquet, npy',
  });
});

test.each(['data/mnist-sample', 'idx:', ''])('the spec "%s" is refused with an example', async (spec) => {
  await expect(openData(spec, 'train')).rejects.toMatchObject({
    kind: 'usage',
    message: `Cannot open data "${spec}": expected FORMAT:PATH, for instance idx:data/mnist-sample`,
  });
});
