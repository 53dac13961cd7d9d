import type { Batch } from '../core/batch.ts';
import { limited } from '../data/limited.ts';
import type { Scorer, Scores } from '../engine/engine.ts';

/** Where the irreducible losses of a big batch come from. They do not depend on the target, so they may be had early. */
export interface IrreducibleLosses {
  /** Whether they are computed in the run itself. */
  readonly online: boolean;
  /** One loss per id, in their order; `gather` gives the examples to those who need to look at them. */
  at(ids: Uint32Array, gather: () => Promise<Batch>): Promise<Pick<Scores, 'loss' | 'span'>>;
  close(): Promise<void>;
}

/** Irreducible losses computed before, by global id. */
export function storedLosses(losses: Float32Array): IrreducibleLosses {
  return {
    online: false,
    at: async (ids) => ({ loss: Float32Array.from(ids, (id) => losses[id]!) }),
    close: async () => undefined,
  };
}

/**
 * Irreducible losses computed when they are asked for, by an IL model. A batch is gathered when no more than one is before it:
 * many may be asked for at once.
 */
export function onlineLosses(scorer: Scorer): IrreducibleLosses {
  const inTurn = limited(2);
  return {
    online: true,
    at: (_, gather) => inTurn(async () => scorer.score(await gather())),
    close: () => scorer.close(),
  };
}
