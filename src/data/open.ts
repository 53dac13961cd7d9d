import { usageError } from '../core/errors.ts';
import type { Dataset } from './dataset.ts';
import { openIdx } from './idx.ts';
import type { DataPart, Opener, OpenOptions } from './opener.ts';

const openers: ReadonlyMap<string, Opener> = new Map([['idx', openIdx]]);

/** Opens the training or test part of `FORMAT:PATH`, as given to --data; the spec becomes the name of the data set. */
export async function openData(spec: string, part: DataPart, options: OpenOptions = {}): Promise<Dataset> {
  const [, format, path] = /^([^:]*):(.+)$/s.exec(spec) ?? [];
  if (format === undefined || path === undefined)
    throw usageError(`Cannot open data "${spec}": expected FORMAT:PATH, for instance idx:data/mnist-sample`);
  const open = openers.get(format);
  if (!open)
    throw usageError(
      `Cannot open data "${spec}": unknown format "${format}", expected one of ${[...openers.keys()].join(', ')}`,
    );
  return open(path, part, options);
}
