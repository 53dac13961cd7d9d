import { dataError } from '../core/errors.ts';

/** The labels of the examples `ids`; an id that there is not is a data error that names the data set `name`. */
export function labelsAt(labels: Int32Array, ids: ArrayLike<number>, name: string): Int32Array {
  return Int32Array.from(ids, (id) => {
    const label = labels[id];
    if (label === undefined)
      throw dataError(`Cannot read example ${id} of "${name}": its ids are 0 to ${labels.length - 1}`);
    return label;
  });
}
