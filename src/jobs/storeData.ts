import { dataError, RhoError } from '../core/errors.ts';
import { checkStore } from '../store/checkStore.ts';
import type { StoreManifest } from '../store/manifest.ts';
import { type DataOptions, openToScore, type TrainingData } from './experiment.ts';

/** Where data lie now, as far as that differs from what a store says. */
export type MovedData = Partial<Pick<DataOptions, 'data' | 'labels' | 'vocab'>>;

/** Opens the data that a store was made for, as its manifest names them. Other data are a data error. */
export async function openStoreData(
  folder: string,
  manifest: StoreManifest,
  moved: MovedData = {},
): Promise<TrainingData> {
  const training = await openNamed(folder, manifest, moved);
  checkStore({ folder, manifest }, { data: { name: training.data.name, fingerprint: training.fingerprint } });
  return training;
}

async function openNamed(
  folder: string,
  manifest: StoreManifest,
  { data, labels, vocab }: MovedData,
): Promise<TrainingData> {
  const { name, holdout, noise, tokens, imageSize, preprocessing, dataSeed, ...given } = manifest.data;
  try {
    return await openToScore({
      data: data ?? name,
      test: null,
      labels: labels ?? given.labels,
      vocab: vocab ?? given.vocab,
      ...{ holdout, noise, tokens, imageSize, preprocessing, dataSeed },
    });
  } catch (error) {
    const isNamedHere = data != null || labels != null || vocab != null;
    if (!(error instanceof RhoError) || error.kind !== 'data' || isNamedHere) throw error;
    throw dataError(
      `${error.message}; where data, labels or vocabulary lie elsewhere than when "${folder}" was made, pass --data, --labels or --vocab`,
    );
  }
}
