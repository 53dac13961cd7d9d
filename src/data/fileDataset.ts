import type { Preprocessing } from '../core/preprocessing.ts';
import { allocate } from '../core/tensor.ts';
import { checkLabels } from './checkLabels.ts';
import { contentHashes } from './contentHashes.ts';
import type { Dataset, InputSpec } from './dataset.ts';
import type { FileRows } from './fileRows.ts';
import { labelsAt } from './labelsAt.ts';

/** What a data set is made from whose examples stay on the disk. */
export interface FileData {
  readonly name: string;
  readonly classes: number;
  /** The one input. */
  readonly input: InputSpec;
  /** Its numbers as little-endian bytes, a row for each example. */
  readonly rows: FileRows;
  /** One per example, 0 … `classes - 1`. */
  readonly labels: Int32Array;
  readonly preprocessing: Preprocessing;
}

/** A data set of one input over rows of files, of which the labels alone are in memory; contentHash is over the rows. */
export async function fileDataset(data: FileData): Promise<Dataset> {
  const { name, classes, input, rows, labels, preprocessing } = data;
  checkLabels(labels, classes, name);
  return {
    name,
    length: labels.length,
    classes,
    inputs: [input],
    preprocessing,
    labels,
    ...(await contentHashes(name, labels.length, rows.pieces)),
    async gather(ids) {
      const batchLabels = labelsAt(labels, ids, name);
      const dims = [ids.length, ...input.dims];
      const batch = allocate(input.dtype, dims);
      await rows.gather(ids, new Uint8Array(batch.buffer));
      return { inputs: [{ dtype: input.dtype, dims, data: batch }], labels: batchLabels };
    },
  };
}
