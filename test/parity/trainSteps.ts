import type { Batch } from '../../src/core/batch.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import { openScorer, type ScorerOptions } from '../../src/engine/ort/openScorer.ts';
import { openTrainer } from '../../src/engine/ort/openTrainer.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { batchSize, length, steps, vocabulary } from './values.ts';

/** How models on numbers of shape `dims` are fed, or with null those on texts. */
function feedOf(dims: readonly number[] | null): ScorerOptions {
  const common = { name: 'model.onnx', device: 'cpu', threads: 1, outputs: ['loss', 'predicted'] } as const;
  if (dims !== null) return { ...common, stored: [{ dtype: 'float32', dims }], preprocessing: { kind: 'none' } };
  const preprocessing = { kind: 'tokens', tokenizer: 'test', vocabulary, padding: 0 } as const;
  return { ...common, stored: [{ dtype: 'int32', dims: [length] }], preprocessing };
}

/** What training leads to. */
export interface TrainedSteps {
  readonly losses: readonly number[];
  readonly weights: ReadonlyMap<string, Tensor>;
}

/** The losses of the fixtures' steps, and the weights that they lead to. */
export async function trainSteps(
  graph: Graph,
  dims: readonly number[] | null,
  batchOf: (step: number) => Batch,
): Promise<TrainedSteps> {
  const trainer = await openTrainer(graph, { ...feedOf(dims), smallBatch: batchSize, seed: 0 });
  try {
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) losses.push((await trainer.step(batchOf(step), 1e-3)).meanLoss);
    return { losses, weights: await trainer.weights() };
  } finally {
    await trainer.close();
  }
}

/** The loss of each example of the fixtures' last batch, in eval form. */
export async function exampleLosses(
  graph: Graph,
  dims: readonly number[] | null,
  batchOf: (step: number) => Batch,
): Promise<Float32Array> {
  const scorer = await openScorer(graph, feedOf(dims));
  try {
    return (await scorer.score(batchOf(steps))).loss;
  } finally {
    await scorer.close();
  }
}
