import { folderOf, nameOf, placed, places } from './paths.ts';
import type { Recogniser } from './recognisedData.ts';

/** NumPy's arrays: `train-x.npy` and `train-y.npy` (or `x_train.npy` …), or two files, of which the smaller holds the labels. */
export const recogniseArrays: Recogniser = async (files) => {
  const arrays = files.filter(({ path }) => /\.npy(\.gz)?$/i.test(path));
  if (arrays.length === 0)
    return files.some(({ path }) => /\.npz$/i.test(path))
      ? { problem: 'Cannot read .npz: save its arrays as two files, train-x.npy (examples) and train-y.npy (labels)' }
      : null;
  const isNamed = (what: string) => (path: string) =>
    new RegExp(`^(train-${what}|${what}_train)\\.npy(\\.gz)?$`).test(nameOf(path));
  const [x, y] = ['x', 'y'].map((what) => arrays.find(({ path }) => isNamed(what)(path)));
  const described = { takes: [], question: null } as const;
  if (x !== undefined && y !== undefined && folderOf(x.path) === folderOf(y.path)) {
    const folder = folderOf(x.path);
    const given = arrays.filter(({ path }) => folderOf(path) === folder);
    return {
      ...described,
      name: nameOf(folder) || 'arrays',
      what: `NumPy arrays of examples and labels (${nameOf(x.path)}, ${nameOf(y.path)})`,
      data: `npy:${folder === '' ? places.data : `${places.data}/${folder}`}`,
      files: placed(places.data, given),
    };
  }
  const [labels, examples] = arrays.toSorted((a, b) => a.file.size - b.file.size);
  if (arrays.length !== 2)
    return {
      problem: `Cannot tell examples from labels among ${arrays.length} .npy ${arrays.length === 1 ? 'file' : 'files'}: drop two, train-x.npy and train-y.npy`,
    };
  return {
    ...described,
    name: nameOf(examples!.path).replace(/\.npy.*$/i, ''),
    what: `NumPy arrays, examples in ${nameOf(examples!.path)} and labels in ${nameOf(labels!.path)}`,
    data: `npy:${places.data}`,
    files: [
      { path: `${places.data}/train-x.npy`, file: examples!.file },
      { path: `${places.data}/train-y.npy`, file: labels!.file },
    ],
  };
};
