import { toBase64 } from '../core/base64.ts';
import { elementCount } from '../core/tensor.ts';
import type { Dataset } from '../data/dataset.ts';
import { imageUrl } from '../report/images.ts';
import type { ReportImage } from '../report/reportData.ts';

/** The example as a picture, where it is stored as one: uint8 [1 or 3, height, width]. */
export async function storedImage(data: Dataset, id: number): Promise<ReportImage | null> {
  const { dtype, dims } = data.inputs[0]!;
  const [channels, height, width] = dims;
  if (dtype !== 'uint8' || dims.length !== 3 || (channels !== 1 && channels !== 3)) return null;
  const { inputs } = await data.gather([id]);
  const bytes = (inputs[0]!.data as Uint8Array).subarray(0, elementCount(dims));
  return { width: width!, height: height!, channels, pixels: toBase64(bytes) };
}

/** A file of more bytes is drawn again as a thumbnail, of which a page holds hundreds. */
const mostBytes = 32 * 1024;

/** What every browser shows. */
const shownTypes = /^image\/(jpeg|png|webp|gif|bmp)$/;

/**
 * The example as the `data:` address of a picture: the file itself where the data are small encoded images, else drawn
 * from stored pixels; null where the data are no images.
 */
export async function exampleImageUrl(data: Dataset, id: number): Promise<string | null> {
  const encoded = await data.imageOf?.(id);
  if (encoded !== undefined && encoded.bytes.length <= mostBytes && shownTypes.test(encoded.type))
    return `data:${encoded.type};base64,${toBase64(encoded.bytes)}`;
  const stored = await storedImage(data, id);
  return stored && imageUrl(stored);
}
