import { dataError } from '../core/errors.ts';

/** Throws where a label is none of 0 … `classes - 1`; `source` is the file or data set that the error names. */
export function checkLabels(labels: Int32Array, classes: number, source: string): void {
  const id = labels.findIndex((label) => label < 0 || label >= classes);
  if (id < 0) return;
  throw dataError(
    `Cannot use the labels of "${source}": example ${id} has label ${labels[id]}, expected 0 to ${classes - 1}`,
  );
}
