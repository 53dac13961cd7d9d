import { dataError } from '../core/errors.ts';
import { bytesPerElement } from '../core/tensor.ts';
import { isFolder } from '../runtime/files.ts';
import { openBytes, readPart } from './byteFile.ts';
import { checkLabels, classesIn } from './checkLabels.ts';
import type { Dataset } from './dataset.ts';
import { findFile } from './findFile.ts';
import { checkNpySize, npyDtype, npyHeaderBytes, readNpyHeader } from './npy.ts';
import { readNpyLabels } from './npyLabels.ts';
import type { DataPart, OpenOptions } from './opener.ts';
import { rowDataset } from './rowDataset.ts';

/**
 * Opens a folder with NumPy's arrays `train-x.npy` and `train-y.npy` (or `x_train.npy` and `y_train.npy`; `test` alike), plain
 * or .gz. Inputs are the stored numbers, with the sizes that x has behind its first; they are fed as they are.
 */
export async function openNpy(folder: string, part: DataPart, options: OpenOptions = {}): Promise<Dataset> {
  if (!(await isFolder(folder)))
    throw dataError(
      `Cannot open "${folder}" as arrays: expected a folder with ${part}-x.npy and ${part}-y.npy; a .npz is to be saved as two of them`,
    );
  // One after the other: of two that are missing the first is told, whichever folder listing ends first.
  const x = await find(folder, part, 'x', options);
  const y = await find(folder, part, 'y', options);
  const header = readNpyHeader(await readPart(x, 0, npyHeaderBytes), x.name);
  const dtype = npyDtype(header, x.name);
  checkNpySize(header, bytesPerElement(dtype), x.size, x.name);
  const [count = 0, ...dims] = header.dims;
  if (dims.length === 0)
    throw dataError(`Cannot use "${x.name}" as examples: its shape is ${count}, expected examples x their sizes`);
  const labels = await readNpyLabels(y);
  if (labels.length !== count)
    throw dataError(`Cannot pair "${x.name}" with "${y.name}": ${count} examples, but ${labels.length} labels`);
  if (count === 0) throw dataError(`Cannot use "${x.name}": it is empty`);
  const classes = options.classes ?? classesIn(labels);
  checkLabels(labels, classes, y.name);
  return rowDataset({
    name: `npy:${folder}`,
    classes,
    input: { dtype, dims },
    file: x,
    offset: header.offset,
    labels,
    preprocessing: { kind: 'none' },
  });
}

async function find(folder: string, part: DataPart, what: string, { inMemory }: OpenOptions) {
  const names = [`${part}-${what}.npy`, `${what}_${part}.npy`];
  const path = await findFile(folder, names);
  if (path === null)
    throw dataError(`Cannot find the ${part} data in "${folder}": expected ${names.join(' or ')}, plain or .gz`);
  return openBytes(path, inMemory);
}
