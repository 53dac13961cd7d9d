import type { Dataset } from '../data/dataset.ts';
import type { Scorer } from '../engine/engine.ts';
import { type LossTable, unscoredTable } from '../store/lossTable.ts';
import { batchesOf, scoreBatches } from './evaluate.ts';

export interface ScoreShardsOptions {
  /** Examples of a batch; no batch holds examples of two shards. */
  readonly batch: number;
  /** Batches that `model` computes at a time. */
  readonly workers: number;
  /** Called when so many more examples are scored. */
  readonly onScored: (count: number) => void;
}

/** Scores the ids of shard after shard with a scorer of losses, predictions and margins. */
export async function* scoreShards<S extends { readonly ids: Uint32Array }>(
  model: Scorer,
  data: Dataset,
  shards: readonly S[],
  { batch, workers, onScored }: ScoreShardsOptions,
): AsyncGenerator<{ readonly shard: S; readonly table: LossTable }> {
  const results = scoreBatches(model, data, batchesOfAll(shards, batch), workers);
  try {
    for (const shard of shards) {
      const table = unscoredTable(shard.ids, data.labels);
      for (let filled = 0; filled < shard.ids.length; ) {
        const { ids, scores } = (await results.next()).value!;
        table.loss.set(scores.loss, filled);
        table.predicted.set(scores.predicted, filled);
        table.margin.set(scores.margin!, filled);
        filled += ids.length;
        onScored(ids.length);
      }
      yield { shard, table };
    }
  } finally {
    await results.return(undefined);
  }
}

function* batchesOfAll(shards: readonly { readonly ids: Uint32Array }[], size: number): Generator<Uint32Array> {
  for (const { ids } of shards) yield* batchesOf(ids, size);
}
