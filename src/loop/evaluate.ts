import { bytesPerExample } from '../core/batch.ts';
import { reportedLater } from '../core/reportedLater.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Scorer, Scores } from '../engine/engine.ts';

/** How well a model does on some examples. */
export interface Evaluation {
  readonly accuracy: number;
  readonly loss: number;
  /** Seconds that scoring one of them took; left out where the scorer does not tell. */
  readonly forwardSeconds?: number;
}

/**
 * What is sent to the scorer at once: enough for the messages not to count, few enough bytes for several batches in memory, and
 * few enough examples for an answer to come before a thread is taken for dead.
 */
const mostPerBatch = 500;
const mostBytesPerBatch = 16 * 2 ** 20;

/** Accuracy and mean loss of a model on the examples `ids`, in eval mode. */
export async function evaluate(model: Scorer, data: Dataset, ids: Uint32Array): Promise<Evaluation> {
  let right = 0;
  let total = 0;
  let milliseconds = 0;
  const size = Math.max(1, Math.min(mostPerBatch, Math.floor(mostBytesPerBatch / bytesPerExample(data.inputs))));
  for await (const { scores, ids: scored } of scoreBatches(model, data, batchesOf(ids, size))) {
    scores.predicted.forEach((predicted, i) => {
      if (predicted === data.labels[scored[i]!]) right += 1;
      total += scores.loss[i]!;
    });
    milliseconds += scores.span ? scores.span.ended - scores.span.began : 0;
  }
  const forwardSeconds = milliseconds / 1000 / ids.length;
  return { accuracy: right / ids.length, loss: total / ids.length, ...(forwardSeconds > 0 && { forwardSeconds }) };
}

/** `ids` in batches of `size`, the last one smaller. */
export function* batchesOf(ids: Uint32Array, size: number): Generator<Uint32Array> {
  for (let start = 0; start < ids.length; start += size) yield ids.subarray(start, start + size);
}

/**
 * Scores batch after batch; while `workers` of them are computed the next are gathered. Results come in the order of the
 * batches, and no more than a few of them are in memory at a time.
 */
export async function* scoreBatches(
  model: Scorer,
  data: Dataset,
  batches: Iterable<Uint32Array>,
  workers = 1,
): AsyncGenerator<{ readonly ids: Uint32Array; readonly scores: Scores }> {
  const submit = (ids: Uint32Array) => {
    const scores = data.gather(ids).then((batch) => model.score(batch));
    return { ids, scores: reportedLater(scores) };
  };
  const inFlight = 2 * workers + 1;
  const queue: ReturnType<typeof submit>[] = [];
  const first = async () => {
    const { ids, scores } = queue.shift()!;
    return { ids, scores: await scores };
  };
  for (const ids of batches) {
    queue.push(submit(ids));
    if (queue.length >= inFlight) yield await first();
  }
  while (queue.length > 0) yield await first();
}
