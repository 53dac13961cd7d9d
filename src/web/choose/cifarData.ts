import type { DroppedFile } from './droppedFiles.ts';
import { firstBytes, unpackedSize } from './firstBytes.ts';
import { below, folderOf, nameOf, placed, places } from './paths.ts';
import type { Recogniser } from './recognisedData.ts';

const batch = /^data_batch_[1-5]\.bin(\.gz)?$/;
const testFile = /^test(_batch)?\.bin(\.gz)?$/;
const known = /^((data|test)_batch(_[1-5])?|train|test)\.bin(\.gz)?$/;
const archive = /^cifar10-(train|test)-jpeg\.tar(\.gz)?$/;
/** Bytes of an image with one label, or with a coarse and a fine one; and how many classes each label has at most. */
const records = [
  { size: 3073, classes: [10] },
  { size: 3074, classes: [20, 100] },
];

/** CIFAR's binary version: the folder with its five training files (CIFAR-10) or train.bin (CIFAR-100), or one such file. */
export const recogniseCifar: Recogniser = async (files) => {
  const found: DroppedFile[] = [];
  for (const file of files) {
    const name = nameOf(file.path);
    if (known.test(name) || archive.test(name) || (await isOfRecords(file))) found.push(file);
  }
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
  const test = found.find((file) => testFile.test(nameOf(file.path)));
  const { path } = batches[0] ?? found.find((file) => file !== test) ?? first;
  const hasTest = test !== undefined && test.path !== path;
  return {
    ...described,
    name: nameOf(path),
    what: `CIFAR (${nameOf(path)})${hasTest ? ' with test data' : ''}`,
    data: `cifar:${below(places.data, path)}`,
    ...(hasTest && { test: `cifar:${below(places.data, test.path)}` }),
  };
};

/** Whether a .bin of any name, packed or not, has the size of CIFAR's and begins with a label: weights of models are called so as well. */
async function isOfRecords({ path, file }: DroppedFile): Promise<boolean> {
  if (!/\.bin(\.gz)?$/.test(path)) return false;
  const labels = await firstBytes(file, 2);
  const size = await unpackedSize(file);
  return records.some(
    (record) => size > 0 && size % record.size === 0 && record.classes.every((most, at) => labels[at]! < most),
  );
}
