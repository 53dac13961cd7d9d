import { dataError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import { availableThreads } from '../runtime/host.ts';
import { contentHashes, type StoredBytes } from './contentHashes.ts';
import type { Dataset } from './dataset.ts';
import { type DecodedImage, openImageDecoder, writePlanes } from './imageDecoder.ts';
import { imageType } from './imageType.ts';
import { labelsAt } from './labelsAt.ts';
import { limited } from './limited.ts';
import type { OpenOptions } from './opener.ts';
import type { Labels } from './readLabels.ts';

/** Encoded images with their labels, by id. */
export interface EncodedImages extends Labels {
  readonly name: string;
  readonly encoded: (id: number) => Promise<Uint8Array>;
  /** What an error calls an image. */
  readonly fileOf: (id: number) => string;
  /** The bytes of the first images, end to end. */
  readonly stored: StoredBytes;
}

/** Means and deviations of ImageNet, which models of photographs are trained with. */
const imageNet: Preprocessing = {
  kind: 'standardize',
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** Images that are read and decoded at the same time, by all data sets together: libuv has four threads for it. */
const decoding = limited(Math.min(4, availableThreads()));

/**
 * A data set over encoded images, which are decoded when they are gathered: inputs [3, height, width], bytes. All have
 * the size of the first unless `imageSize` brings them to one; one that has not is a data error.
 */
export async function imageDataset(images: EncodedImages, { imageSize = null }: OpenOptions): Promise<Dataset> {
  const { name, labels, classes, classNames, encoded, fileOf, stored } = images;
  const decoder = await openImageDecoder(imageSize);
  const decode = async (id: number) => decoder.decode(await encoded(id), fileOf(id));
  const { width, height } = imageSize === null ? await decode(0) : { width: imageSize, height: imageSize };
  const checkSize = (image: DecodedImage, id: number) => {
    if (image.width !== width || image.height !== height)
      throw dataError(
        `Cannot use the image "${fileOf(id)}": it has ${image.width} x ${image.height} pixels, the first has ${width} x ${height}; bring all to one size with --image-size, such as --image-size 224`,
      );
  };
  return {
    name,
    length: labels.length,
    classes,
    ...(classNames && { classNames }),
    inputs: [{ dtype: 'uint8', dims: [3, height, width] }],
    preprocessing: imageNet,
    labels,
    ...(await contentHashes(name, labels.length, stored)),
    decoder: decoder.name,
    async imageOf(id) {
      const bytes = await encoded(id);
      return { bytes, type: imageType(bytes) };
    },
    async gather(ids) {
      const batchLabels = labelsAt(labels, ids, name);
      const size = 3 * height * width;
      const data = new Uint8Array(ids.length * size);
      let hasFailed = false;
      const fill = async (id: number, slot: number) => {
        // What is still waiting when one has failed is not worth the time.
        if (hasFailed) return;
        try {
          const image = await decode(id);
          checkSize(image, id);
          writePlanes(image, data.subarray(slot * size, (slot + 1) * size));
        } catch (error) {
          hasFailed = true;
          throw error;
        }
      };
      await Promise.all(Array.from(ids, (id, slot) => decoding(() => fill(id, slot))));
      return { inputs: [{ dtype: 'uint8', dims: [ids.length, 3, height, width], data }], labels: batchLabels };
    },
  };
}
