import type { DroppedFile } from './droppedFiles.ts';
import { below, folderOf, nameOf, placed, places } from './paths.ts';
import type { Recogniser } from './recognisedData.ts';

const batch = /^data_batch_[1-5]\.bin(\.gz)?$/;
const known = /^((data|test)_batch(_[1-5])?|train|test)\.bin(\.gz)?$/;
const archive = /^cifar10-(train|test)-jpeg\.tar(\.gz)?$/;
/** Bytes of an image with one label, or with a coarse and a fine one. */
const records = [3073, 3074];

/** CIFAR's binary version: the folder with its five training files (CIFAR-10) or train.bin (CIFAR-100), or one such file. */
export const recogniseCifar: Recogniser = async (files) => {
  // Weights beside a model may be called .bin as well.
  const hasModel = files.some(({ path }) => path.endsWith('.onnx'));
  const isOfRecords = ({ path, file }: DroppedFile) =>
    !hasModel && path.endsWith('.bin') && records.some((bytes) => file.size % bytes === 0);
  const found = files.filter((file) => {
    const name = nameOf(file.path);
    return known.test(name) || archive.test(name) || isOfRecords(file);
  });
  const [first] = found;
  if (first === undefined) return null;
  const described = { takes: [], question: null, files: placed(places.data, found) } as const;
  const batches = found.filter(({ path }) => batch.test(nameOf(path)));
  if (batches.length > 1 && batches.length < 5)
    return {
      problem: `Cannot use ${batches.length} of CIFAR-10’s five training files: drop all of data_batch_1.bin to data_batch_5.bin, or one`,
    };
  const whole = found.find(({ path }) => /^(train\.bin|cifar10-train-jpeg\.tar)(\.gz)?$/.test(nameOf(path)));
  const folder = batches.length === 5 ? folderOf(batches[0]!.path) : whole && folderOf(whole.path);
  if (folder !== undefined)
    return {
      ...described,
      name: nameOf(folder) || 'CIFAR',
      what: batches.length === 5 ? 'CIFAR-10 in five binary files' : `CIFAR (${nameOf(whole!.path)})`,
      data: `cifar:${below(places.data, folder)}`,
    };
  const { path } = batches[0] ?? first;
  return {
    ...described,
    name: nameOf(path),
    what: `CIFAR (${nameOf(path)})`,
    data: `cifar:${below(places.data, path)}`,
  };
};
