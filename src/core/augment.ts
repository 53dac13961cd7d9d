import type { Batch } from './batch.ts';
import { type RandomStream, randomStream } from './random.ts';
import type { TensorData } from './tensor.ts';

/** What is done to each image of a small batch before it is trained on. */
export interface Augmentation {
  /** Pixels of black on every side that a random crop of the old size is cut from; 0 cuts none. */
  readonly crop: number;
  /** Whether half of the images are mirrored left to right. */
  readonly flip: boolean;
}

/**
 * A copy of a batch of images [batch, channels, height, width] with each image cropped and mirrored at random, as torchvision's
 * RandomCrop(size, padding) and RandomHorizontalFlip do on stored pixels. Other inputs stay as they are.
 */
export function augmentImages(batch: Batch, augmentation: Augmentation, random: RandomStream): Batch {
  const [first, ...rest] = batch.inputs;
  const [count, channels, height, width] = first!.dims as [number, number, number, number];
  const data = first!.data.slice();
  const size = channels * height * width;
  for (let image = 0; image < count; image++) {
    const { down, right, mirrored } = draw(augmentation, random);
    const from = first!.data.subarray(image * size, (image + 1) * size);
    const to = data.subarray(image * size, (image + 1) * size);
    for (let row = 0; row < channels * height; row++) {
      const y = (row % height) + down;
      const inside = y >= 0 && y < height;
      for (let x = 0; x < width; x++) {
        const source = (mirrored ? width - 1 - x : x) + right;
        const pixel = inside && source >= 0 && source < width ? (row + down) * width + source : -1;
        copyPixel(from, pixel, to, row * width + x);
      }
    }
  }
  return { ...batch, inputs: [{ ...first!, data }, ...rest] };
}

function draw({ crop, flip }: Augmentation, random: RandomStream) {
  const shift = () => (crop === 0 ? 0 : random.below(2 * crop + 1) - crop);
  return { down: shift(), right: shift(), mirrored: flip && random.below(2) === 1 };
}

function copyPixel(from: TensorData, pixel: number, to: TensorData, at: number): void {
  to[at] = pixel < 0 ? 0 : from[pixel]!;
}

/** The augmentation that `crop:PAD`, `flip` or both with a comma between them stand for; undefined for anything else. */
export function parseAugmentation(text: string): Augmentation | undefined {
  const parts = text.split(',').map((part) => /^(?:crop:(\d+)|(flip))$/.exec(part));
  if (parts.includes(null)) return undefined;
  const crop = parts.find((part) => part![1] !== undefined)?.[1];
  return { crop: Number(crop ?? 0), flip: parts.some((part) => part![2] !== undefined) };
}

/** Augments the small batch of each step by `augmentation`, seeded; null leaves batches as they are. */
export function augmenter(augmentation: Augmentation | null, seed: number): (batch: Batch, step: number) => Batch {
  if (augmentation === null) return (batch) => batch;
  return (batch, step) => augmentImages(batch, augmentation, randomStream(seed, `augment/${step}`));
}
