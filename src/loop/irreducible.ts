import type { Batch } from '../core/batch.ts';
import type { Scorer } from '../engine/engine.ts';

/** Where the irreducible losses of a big batch come from. They do not depend on the target, so they may be had early. */
export interface IrreducibleLosses {
  /** One loss per id, in their order; `gather` gives the examples to those who need to look at them. */
  at(ids: Uint32Array, gather: () => Promise<Batch>): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Irreducible losses computed before, by global id. */
export function storedLosses(losses: Float32Array): IrreducibleLosses {
  return { at: async (ids) => Float32Array.from(ids, (id) => losses[id]!), close: async () => undefined };
}

/** Irreducible losses computed when they are needed, by an IL model. */
export function onlineLosses(scorer: Scorer): IrreducibleLosses {
  return {
    at: async (_, gather) => (await scorer.score(await gather())).loss,
    close: () => scorer.close(),
  };
}
