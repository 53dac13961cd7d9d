import { dataError } from '../core/errors.ts';
import { exists, isFolder, joinPath, listFolder, readBytes } from '../runtime/files.ts';
import { checkLabels } from './checkLabels.ts';
import type { Dataset } from './dataset.ts';
import { findFile } from './findFile.ts';
import { imageDataset } from './imageDataset.ts';
import { type ImageList, readImageList } from './imageList.ts';
import { inOrder } from './inOrder.ts';
import type { DataPart, OpenOptions } from './opener.ts';
import { type GivenClasses, shownNames } from './readLabels.ts';

/** What the folders and the list files of each part are called; the first one there is taken. */
const partNames = { train: ['train'], test: ['val', 'validation', 'test'] } as const;

const imageFile = /\.(jpe?g|png|webp)$/i;
const readAhead = 8;

/**
 * Opens images with labels. `path` is a folder with a folder for each class in `train` and in `val`, `validation` or `test`; or
 * with lists `train.txt` and `val.txt`, `validation.txt` or `test.txt`; or with folders for classes alone; or it is such a list.
 */
export async function openImages(path: string, part: DataPart, options: OpenOptions = {}): Promise<Dataset> {
  const { files, ...labels } = await findImages(path, part, options);
  return imageDataset(
    {
      name: `images:${path}`,
      ...labels,
      encoded: (id) => readBytes(files[id]!),
      fileOf: (id) => files[id]!,
      stored: (length) => inOrder(length, readAhead, (id) => readBytes(files[id]!)),
    },
    options,
  );
}

/** Whether `path` is a folder of classes alone or a list, beside which no test data lie. */
export async function imagesStandAlone(path: string): Promise<boolean> {
  if (!(await isFolder(path))) return exists(path);
  return (await placeOf(path, 'train')) === null && (await placeOf(path, 'test')) === null;
}

async function findImages(path: string, part: DataPart, given: GivenClasses): Promise<ImageList> {
  if (!(await exists(path))) throw dataError(`Cannot read "${path}": no such file or folder`);
  if (!(await isFolder(path))) return readImageList(path, given);
  const place = await placeOf(path, part);
  if (place !== null) return (await isFolder(place)) ? readClasses(place, part, given) : readImageList(place, given);
  if (await imagesStandAlone(path)) return readClasses(path, part, given);
  const names = partNames[part];
  throw dataError(
    `Cannot find the ${part} images in "${path}": expected a folder ${names.join(', ')} with a folder for each class, or a list ${names[0]}.txt`,
  );
}

/** The list or the folder of classes of a part; null where `path` has neither. */
async function placeOf(path: string, part: DataPart): Promise<string | null> {
  const names: readonly string[] = partNames[part];
  const list = await findFile(
    path,
    names.map((name) => `${name}.txt`),
  );
  if (list !== null) return list;
  for (const name of names) {
    const folder = joinPath(path, name);
    // A class may be called train as well: then there are images in it and no folders.
    if ((await isFolder(folder)) && (await classesIn(folder)).length > 0) return folder;
  }
  return null;
}

/** The folders in a folder, sorted by code unit. */
async function classesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await listFolder(folder))
    if (!name.startsWith('.') && (await isFolder(joinPath(folder, name)))) found.push(name);
  return found;
}

async function readClasses(folder: string, part: DataPart, given: GivenClasses): Promise<ImageList> {
  const found = await classesIn(folder);
  const classNames = given.classNames ?? found;
  const files: string[] = [];
  const labels: number[] = [];
  for (const name of found) {
    const label = classNames.indexOf(name);
    if (label < 0)
      throw dataError(
        `Cannot use the class "${name}" in "${folder}": those of the training data are ${shownNames(classNames)}`,
      );
    const images = (await listFolder(joinPath(folder, name))).filter((file) => isImage(file));
    if (images.length === 0 && part === 'train')
      throw dataError(
        `Cannot use the class "${name}" in "${folder}": it holds no image, expected .jpg, .jpeg, .png or .webp`,
      );
    for (const file of images) {
      files.push(joinPath(folder, name, file));
      labels.push(label);
    }
  }
  if (files.length === 0)
    throw dataError(
      `Cannot find images in "${folder}": expected a folder for each class with .jpg, .jpeg, .png or .webp in it`,
    );
  const classes = given.classes ?? Math.max(2, classNames.length);
  checkLabels(Int32Array.from(labels), classes, folder);
  return { files, labels: Int32Array.from(labels), classes, classNames };
}

function isImage(name: string): boolean {
  // macOS puts a file of attributes named ._NAME beside each file that it archives.
  return imageFile.test(name) && !name.startsWith('.');
}
