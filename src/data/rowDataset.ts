import type { InputSpec } from '../core/batch.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import { bytesPerElement, elementCount, viewAs } from '../core/tensor.ts';
import type { ByteFile } from './byteFile.ts';
import type { Dataset } from './dataset.ts';
import { fileDataset } from './fileDataset.ts';
import { fileRows } from './fileRows.ts';
import { memoryDataset } from './memoryDataset.ts';

/** A file whose numbers, from `offset` on, are one input of the examples, one after the other. */
export interface RowData {
  readonly name: string;
  readonly classes: number;
  readonly input: InputSpec;
  readonly file: ByteFile;
  readonly offset: number;
  readonly labels: Int32Array;
  readonly preprocessing: Preprocessing;
}

/** A data set over such a file: in memory where the file is, else read from the disk as it is needed. Both give the same. */
export function rowDataset({ input, file, offset, ...described }: RowData): Promise<Dataset> {
  const stride = bytesPerElement(input.dtype) * elementCount(input.dims);
  const count = described.labels.length;
  if (file.bytes === undefined)
    return fileDataset({ ...described, input, rows: fileRows(stride, [{ file, offset, stride, count }]) });
  const data = viewAs(input.dtype, file.bytes.subarray(offset, offset + count * stride));
  return memoryDataset({ ...described, inputs: [{ ...input, data }] });
}
