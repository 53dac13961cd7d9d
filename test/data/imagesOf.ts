import sharp from 'sharp';

/** An image of one colour, encoded as its kind is called. */
export async function imageOf(
  kind: 'jpeg' | 'png' | 'webp',
  [red, green, blue]: readonly [number, number, number],
  { width = 8, height = 8 }: { readonly width?: number; readonly height?: number } = {},
): Promise<Uint8Array> {
  const colour = { r: red, g: green, b: blue };
  const image = sharp({ create: { width, height, channels: 3, background: colour } });
  const bytes = await image.toFormat(kind, kind === 'webp' ? { lossless: true } : {}).toBuffer();
  return new Uint8Array(bytes);
}

/** A PNG of these bytes, `channels` for each pixel. */
export async function pngOf(
  bytes: ArrayLike<number>,
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: 1 | 2 | 3 | 4 },
): Promise<Uint8Array> {
  const raw = { width, height, channels };
  return new Uint8Array(await sharp(Uint8Array.from(bytes), { raw }).png().toBuffer());
}
