import { usageError } from './errors.ts';
import { randomStream, shuffle } from './random.ts';

/** Which candidates are looked at when. It has no state to save: a step number says it all. */
export interface Order {
  /** How many big batches an epoch has; the examples left over sit that epoch out. */
  readonly perEpoch: number;
  /** The global ids of the big batch of `step` (0 for the first), freshly allocated. */
  at(step: number): Uint32Array;
}

/**
 * Goes through `ids` without replacement, in big batches of `bigBatch` examples. Every epoch has a random order of its own;
 * a big batch never spans two epochs (as PyTorch's DataLoader with shuffle and drop_last).
 */
export function makeOrder(ids: Uint32Array, bigBatch: number, seed: number): Order {
  if (!Number.isInteger(bigBatch) || bigBatch < 1 || bigBatch > ids.length)
    throw usageError(
      `Cannot draw big batches of ${bigBatch} from ${ids.length} examples: pass --big-batch from 1 to ${ids.length}`,
    );
  const perEpoch = Math.floor(ids.length / bigBatch);
  // Two epochs, since scoring ahead and training stand on both sides of the border for a while.
  const recent = new Map<number, Uint32Array>();

  function epochOrder(epoch: number): Uint32Array {
    const known = recent.get(epoch);
    if (known) return known;
    const order = shuffle(ids.slice(), randomStream(seed, `order/epoch ${epoch}`));
    if (recent.size === 2) recent.delete(recent.keys().next().value!);
    recent.set(epoch, order);
    return order;
  }

  return {
    perEpoch,
    at(step) {
      const first = (step % perEpoch) * bigBatch;
      return epochOrder(Math.floor(step / perEpoch)).slice(first, first + bigBatch);
    },
  };
}
