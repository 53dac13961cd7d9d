import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A seeded stream of random numbers; the same on every machine and runtime, as only integer operations make it. */
export interface RandomStream {
  /** The next whole number from 0 to `limit - 1`. */
  below(limit: number): number;
  /** The next number in [0, 1), a multiple of 2^-24. */
  unit(): number;
  /** The next 32 bits, as a signed whole number: the fastest way to many small numbers. */
  bits(): number;
}

/** 32-bit FNV-1a of the UTF-16 code units of `text`. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}

/**
 * The stream that `seed` and a name such as `order/epoch 3` lead to. Streams of other names are independent of it, so that
 * no use of randomness shifts another.
 */
export function randomStream(seed: number, name: string): RandomStream {
  const generator = xoroshiro128plus(hash32(`${seed}/${name}`));
  // The generator fills its state with plain copies of the seed: the first numbers would show it.
  for (let i = 0; i < 16; i++) generator.next();
  return {
    below: (limit) => uniformInt(generator, 0, limit - 1),
    unit: () => uniformFloat32(generator),
    bits: () => generator.next(),
  };
}

/** Shuffles `values` in place, every order being as likely as another (Fisher and Yates). */
export function shuffle<T extends Uint32Array | Int32Array | unknown[]>(values: T, random: RandomStream): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = values[i]!;
    values[i] = values[j]!;
    values[j] = held;
  }
  return values;
}

/** The ids 0 … `length - 1` in random order. */
export function permutation(length: number, random: RandomStream): Uint32Array {
  return shuffle(
    Uint32Array.from({ length }, (_, id) => id),
    random,
  );
}
