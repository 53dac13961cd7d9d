import { dataError } from '../core/errors.ts';
import { imageBytes, type LabelledPixels } from './cifarBinary.ts';
import { decodeJpeg } from './jpeg.ts';
import { readTar, type TarFile } from './tar.ts';

/** The classes of CIFAR-10 by label. */
export const cifar10Names: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/** Images from an archive, with their files. */
export interface ArchivedImages extends LabelledPixels {
  /** The JPEG files in the order of ids, views of the archive. */
  readonly files: readonly Uint8Array[];
}

/**
 * Reads an unpacked tar archive of CIFAR-10 images as JPEG. The name of a file says its class: `NNNNN_CLASS.jpg`, whose id is
 * NNNNN, or `CLASS_KKKK.jpg`, whose id is its place in the order of names. Folders and files of other kinds do not matter.
 * `name` is the file that an error names.
 */
export function readCifarArchive(bytes: Uint8Array, name: string): ArchivedImages {
  const images = readTar(bytes, name).flatMap((file) => imageOf(file, name));
  if (images.length === 0)
    throw dataError(`Cannot use "${name}": it holds no images, expected NNNNN_CLASS.jpg or CLASS_KKKK.jpg`);
  images.sort((a, b) => (a.number ?? 0) - (b.number ?? 0) || (a.base < b.base ? -1 : 1));
  images.forEach(({ number }, id) => {
    if (number !== (images[0]!.number === null ? null : id))
      throw dataError(
        `Cannot use "${name}": image ${id} in order is "${images[id]!.base}", expected NNNNN_CLASS.jpg numbered from 0 without gaps, or CLASS_KKKK.jpg throughout`,
      );
  });
  const pixels = new Uint8Array(images.length * imageBytes);
  images.forEach(({ base, data }, id) => {
    const planes = pixels.subarray(id * imageBytes, (id + 1) * imageBytes);
    decodeJpeg(data, `${base} in ${name}`, { height: 32, width: 32 }, planes);
  });
  return {
    labels: Int32Array.from(images, ({ label }) => label),
    pixels,
    files: images.map(({ data }) => data),
  };
}

interface ArchivedImage {
  readonly base: string;
  /** NNNNN; null where the name begins with the class. */
  readonly number: number | null;
  readonly label: number;
  readonly data: Uint8Array;
}

function imageOf({ name, data }: TarFile, archive: string): ArchivedImage[] {
  const base = name.split('/').at(-1)!;
  // macOS puts a file of attributes named ._NAME beside each file that it archives.
  if (!base.endsWith('.jpg') || base.startsWith('.')) return [];
  const [, number, after, before] = /^(?:(\d+)_(\w+)|([a-z]+)_\d+)\.jpg$/.exec(base) ?? [];
  const label = cifar10Names.indexOf(after ?? before ?? '');
  if (label < 0)
    throw dataError(
      `Cannot use "${name}" in "${archive}": expected a name NNNNN_CLASS.jpg or CLASS_KKKK.jpg with one of ${cifar10Names.join(', ')}`,
    );
  return [{ base, number: number === undefined ? null : Number(number), label, data }];
}
