import { dataError } from '../core/errors.ts';

/** Throws where a label is none of 0 … `classes - 1`; `source` is the file or data set that the error names. */
export function checkLabels(labels: Int32Array, classes: number, source: string): void {
  const id = labels.findIndex((label) => label < 0 || label >= classes);
  if (id < 0) return;
  throw dataError(
    `Cannot use the labels of "${source}": example ${id} has label ${labels[id]}, expected 0 to ${classes - 1}`,
  );
}

/** The classes that labels tell of where nothing else does: the greatest label + 1, at least 2. */
export function classesIn(labels: ArrayLike<number>): number {
  let greatest = 1;
  for (let i = 0; i < labels.length; i++) greatest = Math.max(greatest, labels[i]!);
  return greatest + 1;
}
