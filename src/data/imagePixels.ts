/** The pixels of an image. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** Bytes of a pixel: 1 where it is grey, else 3, red first. */
  readonly channels: number;
  /** Row by row. */
  readonly data: Uint8Array;
}

/** Writes the pixels of an image into `planes`: all red bytes, all green, all blue. Grey is the same in all three. */
export function writePlanes({ width, height, channels, data }: DecodedImage, planes: Uint8Array): void {
  const pixels = width * height;
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += channels) {
    planes[pixel] = data[at]!;
    planes[pixel + pixels] = data[at + green]!;
    planes[pixel + 2 * pixels] = data[at + blue]!;
  }
}
