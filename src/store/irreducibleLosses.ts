import { checkLeak } from './checkLeak.ts';
import { checkStore, type StoreExpectation } from './checkStore.ts';
import type { StoreManifest } from './manifest.ts';
import { openLossStore } from './readStore.ts';
import { requireLosses } from './requireLosses.ts';

/** Irreducible losses that passed every check. */
export interface IrreducibleLosses {
  /** By global id, NaN for ids that were not asked for and are not in the store. */
  readonly loss: Float32Array;
  /** How many of the ids asked for have a NaN for a loss. */
  readonly nan: number;
  readonly manifest: StoreManifest;
}

/**
 * Reads the irreducible losses of the target examples `ids` from the store `folder`. A store made for other data, by a
 * model that was trained on some of `ids`, without a loss for some of them, or damaged, is a data error.
 */
export async function readIrreducibleLosses(
  folder: string,
  expected: StoreExpectation,
  ids: Uint32Array,
): Promise<IrreducibleLosses> {
  const store = await openLossStore(folder);
  checkStore(store, expected);
  const losses = await store.readLosses();
  checkLeak(store, losses, ids);
  return { loss: losses.loss, nan: requireLosses(store, losses, ids), manifest: store.manifest };
}
