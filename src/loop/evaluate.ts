import type { Dataset } from '../data/dataset.ts';
import type { Scorer } from '../engine/engine.ts';

/** How well a model does on some examples. */
export interface Evaluation {
  readonly accuracy: number;
  readonly loss: number;
}

/** Examples sent to the scorer at once: enough for the messages not to count. */
export const scoringBatch = 2000;

/** Accuracy and mean loss of a model on the examples `ids`, in eval mode. */
export async function evaluate(model: Scorer, data: Dataset, ids: Uint32Array): Promise<Evaluation> {
  let right = 0;
  let total = 0;
  for await (const { scores, ids: scored } of scoreAll(model, data, ids, scoringBatch)) {
    scores.predicted.forEach((predicted, i) => {
      if (predicted === data.labels[scored[i]!]) right += 1;
      total += scores.loss[i]!;
    });
  }
  return { accuracy: right / ids.length, loss: total / ids.length };
}

/** Scores `ids` batch by batch; while one batch is computed the next is gathered. Results come in the order of the ids. */
export async function* scoreAll(
  model: Scorer,
  data: Dataset,
  ids: Uint32Array,
  batchSize: number,
): AsyncGenerator<{ readonly ids: Uint32Array; readonly scores: Awaited<ReturnType<Scorer['score']>> }> {
  const submit = (start: number) => {
    const part = ids.subarray(start, start + batchSize);
    const scores = data.gather(part).then((batch) => model.score(batch));
    // A failure is reported when its turn comes; until then it must not count as unhandled.
    scores.catch(() => undefined);
    return { ids: part, scores };
  };
  const inFlight = 3;
  const queue = [];
  for (let start = 0; start < ids.length || queue.length > 0; ) {
    while (queue.length < inFlight && start < ids.length) {
      queue.push(submit(start));
      start += batchSize;
    }
    const { ids: part, scores } = queue.shift()!;
    yield { ids: part, scores: await scores };
  }
}
