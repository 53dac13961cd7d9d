import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type AuditOptions, audit } from '../../src/jobs/audit.ts';
import { openTrainingData } from '../../src/jobs/experiment.ts';
import type { LossTable } from '../../src/store/lossTable.ts';
import { writeLossStore } from '../../src/store/writeStore.ts';
import { description } from '../store/example.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

const { at } = temporaryFolder();
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'good', 'bad', 'film', '.', ''].join('\n');
const rows = ['good\t1', 'bad\t0', 'good film\t0', 'bad film\t0', 'good .\t1'];

/** A store of the five sentences with losses made by hand. */
async function storeOf(columns: Partial<LossTable>): Promise<AuditOptions> {
  await writeFile(at('vocab.txt'), vocabulary);
  await writeFile(at('train.tsv'), ['sentence\tlabel', ...rows, ''].join('\n'));
  await writeFile(at('labels.csv'), 'index,given\n0,1\n1,0\n2,1\n3,1\n4,1\n');
  const [data, labels] = [`tsv:${at()}`, `${at('labels.csv')}:given`];
  const { data: dataset, fingerprint } = await openTrainingData({
    ...{
      data,
      labels,
      test: null,
      holdout: '0:5',
      noise: 'none',
      vocab: null,
      tokens: 4,
      imageSize: null,
      preprocessing: null,
      dataSeed: 0,
    },
  });
  const table: LossTable = {
    ids: Uint32Array.of(0, 1, 2, 3, 4),
    loss: Float32Array.of(0.25, Number.NaN, 0.5, Number.POSITIVE_INFINITY, 0.125),
    labels: dataset.labels,
    predicted: Int32Array.of(1, 0, 1, 0, 1),
    margin: Float32Array.of(0.5, Number.NaN, 0.25, -1, 0.75),
    ...columns,
  };
  const described = {
    ...description,
    data: {
      ...description.data,
      ...{ name: data, fingerprint, contentHash: dataset.contentHash, length: 5, classes: 2, labels, noise: 'none' },
      ...{ tokens: 4, vocab: null, holdout: '0:5', dataSeed: 0 },
    },
    model: { ...description.model, trainedOn: null },
  };
  await writeLossStore(at('il'), described, table);
  const none = { onlyClass: null, top: null, csv: null, html: null };
  return { ...none, store: at('il'), command: 'rho audit il' };
}

test('a loss that is not a number is left out and counted, an infinite one comes first', async () => {
  const { found, listed } = await audit(await storeOf({}));
  expect(found).toMatchObject({ examples: 4, nan: 1, differing: 1, truth: { wrong: 2, counts: [2] } });
  expect(listed.map(({ id }) => id)).toEqual([3, 2, 0, 4]);
  expect(listed[0]).toEqual({
    ...{ rank: 1, id: 3, loss: Number.POSITIVE_INFINITY, givenProbability: 0, suggestedProbability: 1, margin: -1 },
    ...{ given: { label: 1, name: null }, suggested: { label: 0, name: null }, truth: { label: 0, name: null } },
    // No example that counts has the label 0, so there is nothing to compare with.
    ...{ suspect: false, text: 'bad film' },
  });
  expect(found.truth?.rankings.loss).toEqual({ auroc: 1, precision: [1] });
  expect(found.notes).toEqual([expect.stringContaining('What the model was trained on is not known')]);
});

test('losses alone are ranked without predictions', async () => {
  const options = await storeOf({
    loss: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5),
    predicted: new Int32Array(5).fill(-1),
    margin: new Float32Array(5).fill(Number.NaN),
  });
  const { found, listed } = await audit({ ...options, html: at('page.html'), csv: at('all.csv'), top: 2 });
  expect(found).toMatchObject({
    suspects: null,
    differing: null,
    truth: { rankings: { margin: null, confidence: null } },
  });
  expect(listed.map(({ id, suggested, suspect }) => [id, suggested, suspect])).toEqual([
    [4, null, null],
    [3, null, null],
  ]);
});

test('a store without a number is refused', async () => {
  const options = await storeOf({ loss: new Float32Array(5).fill(Number.NaN) });
  await expect(audit(options)).rejects.toThrow('it has no loss that is a number');
});
