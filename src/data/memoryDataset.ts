import { dataError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import { allocate, elementCount, type TensorData } from '../core/tensor.ts';
import { checkLabels } from './checkLabels.ts';
import type { Dataset, InputSpec } from './dataset.ts';
import { contentHash } from './hash.ts';

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
  /** SHA-256 (hex) of the stored examples; computed from the arrays of `inputs`, one after the other, where left out. */
  readonly contentHash?: string;
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

  return {
    name,
    length,
    classes: data.classes,
    inputs: columns.map(({ dtype, dims }) => ({ dtype, dims })),
    preprocessing: data.preprocessing,
    labels,
    ...(trueLabels && { trueLabels }),
    contentHash: data.contentHash ?? (await contentHash(columns.map(({ bytes }) => bytes))),
    hashOfFirst: (first) => contentHash(columns.map(({ bytes }) => bytes.subarray(0, (bytes.length / length) * first))),
    async gather(ids) {
      const batchLabels = Int32Array.from(ids, (id) => {
        const label = labels[id];
        if (label === undefined)
          throw dataError(`Cannot read example ${id} of "${name}": its ids are 0 to ${length - 1}`);
        return label;
      });
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
