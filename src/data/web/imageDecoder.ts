import { dataError } from '../../core/errors.ts';
import { centreCrop, shorterSide } from '../centreCrop.ts';
import type { ImageDecoder } from '../imageDecoder.ts';
import type { DecodedImage } from '../imagePixels.ts';
import { imageType } from '../imageType.ts';
import { resizeLinear } from '../resizeLinear.ts';

export type { ImageDecoder } from '../imageDecoder.ts';
export { type DecodedImage, writePlanes } from '../imagePixels.ts';

/**
 * Opens the browser's own decoder. With an `imageSize` images are resized and cut as torchvision evaluates (see centreCrop);
 * null leaves their size. Browsers decode JPEG each in their own way, which may differ by a few levels.
 */
export async function openImageDecoder(imageSize: number | null): Promise<ImageDecoder> {
  const rule = imageSize === null ? '' : `, shorter side ${shorterSide(imageSize)} linear, centre ${imageSize}`;
  return {
    name: `browser${rule}`,
    async decode(bytes, file) {
      try {
        return cropped(await decode(bytes), imageSize);
      } catch (error) {
        throw dataError(`Cannot decode the image "${file}": ${(error as Error).message}; fetch the file again`);
      }
    },
  };
}

async function decode(bytes: Uint8Array): Promise<DecodedImage> {
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: imageType(bytes) });
  // Colour profiles are left aside, as PIL does.
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('the browser has no canvas for it');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data: withAlpha } = context.getImageData(0, 0, width, height);
  const data = new Uint8Array(width * height * 3);
  for (let at = 0, from = 0; at < data.length; at += 3, from += 4) {
    data[at] = withAlpha[from]!;
    data[at + 1] = withAlpha[from + 1]!;
    data[at + 2] = withAlpha[from + 2]!;
  }
  return { width, height, channels: 3, data };
}

function cropped(image: DecodedImage, imageSize: number | null): DecodedImage {
  const crop = imageSize === null ? null : centreCrop(image.width, image.height, imageSize);
  if (imageSize === null || crop === null) return image;
  const { data, channels } = resizeLinear(image, crop.width, crop.height);
  const row = imageSize * channels;
  const kept = new Uint8Array(imageSize * row);
  for (let y = 0; y < imageSize; y++) {
    const from = ((crop.top + y) * crop.width + crop.left) * channels;
    kept.set(data.subarray(from, from + row), y * row);
  }
  return { width: imageSize, height: imageSize, channels, data: kept };
}
