import { dataError } from '../core/errors.ts';
import type { LossesById, LossStore } from './readStore.ts';

/** Refuses a store that has no loss for some of `ids`, and returns how many of their losses are NaN. */
export function requireLosses(
  { folder }: Pick<LossStore, 'folder'>,
  { loss, scoredBy }: LossesById,
  ids: Uint32Array,
): number {
  const missing = ids.filter((id) => !scoredBy[id]);
  if (missing.length > 0)
    throw dataError(
      `Cannot use loss store "${folder}": it has no irreducible loss for ${missing.length.toLocaleString('en-US')} of ` +
        `the ${ids.length.toLocaleString('en-US')} target examples (ids ${missing.slice(0, 5).join(', ')}` +
        `${missing.length > 5 ? ', …' : ''}); run "rho score" with the --split, --holdout and --data-seed of this run`,
    );
  return ids.reduce((count, id) => count + (Number.isNaN(loss[id]) ? 1 : 0), 0);
}
