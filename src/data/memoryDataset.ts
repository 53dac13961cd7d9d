import { dataError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import { allocate, elementCount, type TensorData } from '../core/tensor.ts';
import { checkLabels } from './checkLabels.ts';
import { contentHashes } from './contentHashes.ts';
import type { Dataset, InputSpec } from './dataset.ts';
import { labelsAt } from './labelsAt.ts';

/** All examples of one model input, row by row. */
export interface InputColumn extends InputSpec {
  readonly data: TensorData;
}

/** What a data set in memory is made from. */
export interface MemoryData {
  readonly name: string;
  readonly classes: number;
  readonly inputs: readonly InputColumn[];
  /** One per example, 0 … `classes - 1`. */
  readonly labels: Int32Array;
  readonly trueLabels?: Int32Array;
  readonly preprocessing: Preprocessing;
  /**
   * The stored bytes of the first `length` examples, which contentHash is over; where left out, they are those of the arrays
   * of `inputs`, one array after the other.
   */
  readonly stored?: (length: number) => Iterable<Uint8Array>;
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorData): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A data set over arrays, which are kept and not copied. Counts that differ and labels out of range are data errors. */
export async function memoryDataset(data: MemoryData): Promise<Dataset> {
  const { name, labels, trueLabels } = data;
  const length = labels.length;
  const columns = data.inputs.map((input) => ({ ...input, bytes: bytesOf(input.data) }));
  for (const { data: values, dims } of columns)
    if (values.length !== length * elementCount(dims))
      throw dataError(
        `Cannot open "${name}": ${length} labels need ${length} examples of shape [${dims}], ` +
          `found ${values.length} numbers instead of ${length * elementCount(dims)}`,
      );
  if (trueLabels && trueLabels.length !== length)
    throw dataError(`Cannot open "${name}": it has ${length} labels but ${trueLabels.length} true labels`);
  checkLabels(labels, data.classes, name);
  const storedColumns = (first: number) =>
    columns.map(({ bytes }) => bytes.subarray(0, (bytes.length / length) * first));

  return {
    name,
    length,
    classes: data.classes,
    inputs: columns.map(({ dtype, dims }) => ({ dtype, dims })),
    preprocessing: data.preprocessing,
    labels,
    ...(trueLabels && { trueLabels }),
    ...(await contentHashes(name, length, data.stored ?? storedColumns)),
    async gather(ids) {
      const batchLabels = labelsAt(labels, ids, name);
      const inputs = columns.map(({ dtype, dims, bytes }) => {
        const batch = { dtype, dims: [ids.length, ...dims], data: allocate(dtype, [ids.length, ...dims]) };
        const rows = bytesOf(batch.data);
        const size = bytes.length / length;
        for (let i = 0; i < ids.length; i++) rows.set(bytes.subarray(ids[i]! * size, (ids[i]! + 1) * size), i * size);
        return batch;
      });
      return { inputs, labels: batchLabels };
    },
  };
}
