import { dataError } from '../core/errors.ts';
import { membership } from './idSet.ts';
import type { StoreManifest } from './manifest.ts';
import type { LossesById, LossStore } from './readStore.ts';

/**
 * Refuses losses by a model that was trained on the very examples: a loss on an example that a model has seen tells
 * little of what is irreducible. Labels do not matter here, the examples do; a model whose training ids are not
 * known, or belong to other data, passes.
 */
export function checkLeak(
  { folder, manifest }: Pick<LossStore, 'folder' | 'manifest'>,
  { scoredBy }: LossesById,
  ids: Uint32Array,
): void {
  const leaks = countLeaks(manifest, scoredBy, ids);
  if (leaks > 0)
    throw dataError(
      `Cannot use loss store "${folder}": its IL model was trained on ${leaks.toLocaleString('en-US')} of the ` +
        `${ids.length.toLocaleString('en-US')} target examples; train one on the holdout alone and run "rho score" again`,
    );
}

/** How many of `ids` have a loss by a model that was trained on that very example, as far as that is known. */
export function countLeaks(
  { models, data }: Pick<StoreManifest, 'models' | 'data'>,
  scoredBy: Uint8Array,
  ids: Uint32Array,
): number {
  let leaks = 0;
  models.forEach(({ trainedOn }, model) => {
    if (trainedOn?.contentHash !== data.contentHash) return;
    const isTrained = membership(trainedOn.ids);
    for (const id of ids) if (scoredBy[id] === 1 + model && isTrained(id)) leaks++;
  });
  return leaks;
}
