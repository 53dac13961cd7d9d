import { usageError } from '../core/errors.ts';
import { exists, isFolder } from '../runtime/files.ts';
import { openCifar } from './cifar.ts';
import type { Dataset } from './dataset.ts';
import { openIdx } from './idx.ts';
import type { DataPart, Opener, OpenOptions } from './opener.ts';
import { openText } from './text.ts';

interface Format {
  readonly open: Opener;
  /** Whether a path may be one file, beside which no test data are looked for. */
  readonly takesFiles?: boolean;
  /** Whether the data are text, which takes a vocabulary. */
  readonly isText?: boolean;
}

const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['idx', { open: openIdx }],
  ['cifar', { open: openCifar, takesFiles: true }],
  ['csv', { open: (...named) => openText('csv', ...named), takesFiles: true, isText: true }],
  ['tsv', { open: (...named) => openText('tsv', ...named), takesFiles: true, isText: true }],
]);

/** Opens the training or test part of `FORMAT:PATH`, as given to --data; the spec becomes the name of the data set. */
export async function openData(spec: string, part: DataPart, options: OpenOptions = {}): Promise<Dataset> {
  const { format, path } = parseSpec(spec);
  const unused = format.isText ? undefined : (['vocab', 'tokens'] as const).find((key) => options[key] != null);
  if (unused !== undefined)
    throw usageError(`Cannot use --${unused} with data "${spec}": it is for texts, such as tsv:sst2/`);
  return format.open(path, part, options);
}

/** Throws a usage error where test data are to lie beside training data `spec` that are one file. */
export async function requireTestBeside(spec: string): Promise<void> {
  const { format, path } = parseSpec(spec);
  if (format.takesFiles && (await exists(path)) && !(await isFolder(path)))
    throw usageError(`Cannot find test data beside "${spec}": it is one file, name the test data with --test`);
}

function parseSpec(spec: string): { readonly format: Format; readonly path: string } {
  const [, name, path] = /^([^:]*):(.+)$/s.exec(spec) ?? [];
  if (name === undefined || path === undefined)
    throw usageError(`Cannot open data "${spec}": expected FORMAT:PATH, for instance idx:data/mnist-sample`);
  const format = formats.get(name);
  if (format === undefined)
    throw usageError(
      `Cannot open data "${spec}": unknown format "${name}", expected one of ${[...formats.keys()].join(', ')}`,
    );
  return { format, path };
}
