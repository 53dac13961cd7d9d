/** How an image is brought to a square: resized to `width` x `height`, of which a square at `left`, `top` is kept. */
export interface CentreCrop {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

/** The shorter side before `size` x `size` is cut out of its centre: 256 for 224, as models of ImageNet are evaluated. */
export function shorterSide(size: number): number {
  return Math.round((size * 256) / 224);
}

/**
 * How torchvision evaluates on an image of `width` x `height`: Resize(shorterSide(size)) and CenterCrop(size), with its
 * rounding. Null where the image is `size` x `size` already.
 */
export function centreCrop(width: number, height: number, size: number): CentreCrop | null {
  if (width === size && height === size) return null;
  const short = shorterSide(size);
  const longer = (side: number) => Math.trunc((short * side) / Math.min(width, height));
  const resized = { width: longer(width), height: longer(height) };
  return {
    ...resized,
    left: roundHalfToEven((resized.width - size) / 2),
    top: roundHalfToEven((resized.height - size) / 2),
  };
}

/** Python's round(). */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}
