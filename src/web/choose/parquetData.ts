import { below, folderOf, nameOf, placed, places } from './paths.ts';
import type { Recogniser } from './recognisedData.ts';

/** Parquet files of images or texts, as Hugging Face lays them out: one, or a folder with train-00000-of-00003.parquet and so on. */
export const recogniseParquet: Recogniser = async (files) => {
  const found = files.filter(({ path }) => /\.parquet$/i.test(path));
  const [first] = found;
  if (first === undefined) return null;
  const described = {
    files: placed(places.data, found),
    takes: ['vocab', 'tokens', 'imageSize'],
    question: null,
  } as const;
  const train = found.find(({ path }) => /^train[-.]/.test(nameOf(path)) || nameOf(folderOf(path)) === 'train');
  if (found.length === 1)
    return {
      ...described,
      name: nameOf(first.path),
      what: 'a Parquet file',
      data: `parquet:${below(places.data, first.path)}`,
    };
  if (train === undefined)
    return {
      problem: `Cannot tell which of ${found.length} Parquet files are training data: expected names such as train-00000-of-00003.parquet, or one file`,
    };
  const own = folderOf(train.path);
  const folder = nameOf(own) === 'train' ? folderOf(own) : own;
  return {
    ...described,
    name: nameOf(folder) || 'Parquet files',
    what: `${found.length} Parquet files`,
    data: `parquet:${below(places.data, folder)}`,
  };
};
