import { usageError } from '../core/errors.ts';
import { exists, isFolder } from '../runtime/files.ts';
import { openCifar } from './cifar.ts';
import type { Dataset } from './dataset.ts';
import { openIdx } from './idx.ts';
import { imagesStandAlone, openImages } from './images.ts';
import type { DataPart, Opener, OpenOptions } from './opener.ts';
import { openNpy } from './openNpy.ts';
import { openParquet } from './parquet.ts';
import { openText } from './text.ts';

/** Options of some formats alone, with what they are for. */
const flags = {
  vocab: ['--vocab', 'texts, such as tsv:sst2/'],
  tokens: ['--tokens', 'texts, such as tsv:sst2/'],
  imageSize: ['--image-size', 'encoded images, such as images:photos/'],
} as const;
type Flag = keyof typeof flags;

interface Format {
  readonly open: Opener;
  /** Whether a path may be one file, beside which no test data are looked for. */
  readonly takesFiles?: boolean;
  /** Whether there is nothing but training data at a path that is a folder. */
  readonly standsAlone?: (path: string) => Promise<boolean>;
  readonly takes?: readonly Flag[];
}

const text: readonly Flag[] = ['vocab', 'tokens'];
const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['idx', { open: openIdx }],
  ['cifar', { open: openCifar, takesFiles: true }],
  ['images', { open: openImages, takesFiles: true, standsAlone: imagesStandAlone, takes: ['imageSize'] }],
  ['csv', { open: (...named) => openText('csv', ...named), takesFiles: true, takes: text }],
  ['tsv', { open: (...named) => openText('tsv', ...named), takesFiles: true, takes: text }],
  ['jsonl', { open: (...named) => openText('jsonl', ...named), takesFiles: true, takes: text }],
  ['parquet', { open: openParquet, takesFiles: true, takes: [...text, 'imageSize'] }],
  ['npy', { open: openNpy }],
]);

/** Opens the training or test part of `FORMAT:PATH`, as given to --data; the spec becomes the name of the data set. */
export async function openData(spec: string, part: DataPart, options: OpenOptions = {}): Promise<Dataset> {
  const { format, path } = parseSpec(spec);
  const given = (Object.keys(flags) as Flag[]).filter((key) => options[key] != null);
  const unused = given.find((key) => !format.takes?.includes(key));
  if (unused !== undefined)
    throw usageError(`Cannot use ${flags[unused][0]} with data "${spec}": it is for ${flags[unused][1]}`);
  return format.open(path, part, options);
}

/** Throws a usage error where test data are to lie beside training data `spec` that are one file, or classes alone. */
export async function requireTestBeside(spec: string): Promise<void> {
  const { format, path } = parseSpec(spec);
  if (!(await exists(path))) return;
  const isOneFile = format.takesFiles && !(await isFolder(path));
  if (isOneFile || (await format.standsAlone?.(path)))
    throw usageError(
      `Cannot find test data beside "${spec}": ${isOneFile ? 'it is one file' : 'its folders are classes'}, name the test data with --test`,
    );
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
