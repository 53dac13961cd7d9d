import type { Sharp, SharpOptions } from 'sharp';
import { dataError, environmentError } from '../core/errors.ts';
import { centreCrop, shorterSide } from './centreCrop.ts';
import type { DecodedImage } from './imagePixels.ts';

export { type DecodedImage, writePlanes } from './imagePixels.ts';

/** Decodes JPEG, PNG and WebP. */
export interface ImageDecoder {
  /** Library and version, and how images are resized. */
  readonly name: string;
  /** `file` is what an error names. */
  decode(bytes: Uint8Array, file: string): Promise<DecodedImage>;
}

/** What is used of the library. */
interface SharpLibrary {
  (bytes: Uint8Array, options: SharpOptions): Sharp;
  readonly versions: { readonly sharp?: string; readonly vips: string };
  concurrency(threads: number): number;
  cache(use: boolean): object;
}

/** The release that is known to work, for the sentence that asks for it. */
const release = 'sharp@0.35.5';

/** How the library is loaded; a test has it missing. */
export type LoadSharp = () => Promise<{ readonly default: unknown }>;

/**
 * Opens sharp, which is loaded now for the first time. With an `imageSize` images are resized and cut as torchvision
 * evaluates (see centreCrop); null leaves their size. An environment error where sharp is not installed or does not load.
 */
export async function openImageDecoder(
  imageSize: number | null,
  load: LoadSharp = () => import('sharp'),
): Promise<ImageDecoder> {
  const sharp = await loadSharp(load);
  // Each image by one thread: several are decoded at once, and the cores are ONNX Runtime's as well.
  sharp.concurrency(1);
  sharp.cache(false);
  const { sharp: version, vips } = sharp.versions;
  const rule = imageSize === null ? '' : `, shorter side ${shorterSide(imageSize)} linear, centre ${imageSize}`;
  return {
    name: `sharp ${version} libvips ${vips}${rule}`,
    async decode(bytes, file) {
      try {
        return await decode(sharp, bytes, imageSize);
      } catch (error) {
        const [reason] = (error as Error).message.split('\n');
        throw dataError(`Cannot decode the image "${file}": ${reason}; fetch the file again`);
      }
    },
  };
}

async function loadSharp(load: LoadSharp): Promise<SharpLibrary> {
  try {
    return (await load()).default as SharpLibrary;
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw environmentError(
      `Cannot decode images: the package sharp does not load (${reason}); install it with "npm install ${release}"`,
    );
  }
}

async function decode(sharp: SharpLibrary, bytes: Uint8Array, imageSize: number | null): Promise<DecodedImage> {
  // Colour profiles are left aside, as PIL does.
  let image = sharp(bytes, { failOn: 'error', ignoreIcc: true }).autoOrient();
  if (imageSize !== null) {
    const { autoOrient } = await image.metadata();
    const crop = centreCrop(autoOrient.width, autoOrient.height, imageSize);
    if (crop !== null) {
      const { width, height, left, top } = crop;
      image = image
        .resize(width, height, { fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false })
        .extract({ left, top, width: imageSize, height: imageSize });
    }
  }
  const pixels = image.removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' });
  const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}
