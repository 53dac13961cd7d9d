import { checkStore } from '../store/checkStore.ts';
import type { StoreManifest } from '../store/manifest.ts';
import { type DataOptions, openTrainingData, type TrainingData } from './experiment.ts';

/** Where data lie now, as far as that differs from what a store says. */
export type MovedData = Partial<Pick<DataOptions, 'data' | 'labels' | 'vocab'>>;

/** Opens the data that a store was made for, as its manifest names them. Other data are a data error. */
export async function openStoreData(
  folder: string,
  manifest: StoreManifest,
  { data, labels, vocab }: MovedData = {},
): Promise<TrainingData> {
  const { name, holdout, noise, tokens, imageSize, preprocessing, dataSeed, ...given } = manifest.data;
  const training = await openTrainingData({
    data: data ?? name,
    test: null,
    labels: labels ?? given.labels,
    vocab: vocab ?? given.vocab,
    ...{ holdout, noise, tokens, imageSize, preprocessing, dataSeed },
  });
  checkStore({ folder, manifest }, { data: { name: training.data.name, fingerprint: training.fingerprint } });
  return training;
}
