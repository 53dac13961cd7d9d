import { type Batch, filledBatch, sliceBatch } from '../core/batch.ts';
import type { Tensor } from '../core/tensor.ts';
import { type ExampleOutput, labelsInput } from '../onnx/lossHead.ts';
import type { Scores } from './engine.ts';
import { type PaddingCut, withoutPadding } from './withoutPadding.ts';

type Numbers = Float32Array | Int32Array;

/** How a batch is cut: into runs of at most, or of exactly, so many examples. */
export interface Runs {
  readonly examplesPerRun: number;
  readonly exact?: boolean;
  /** Cuts the padding off texts, for a graph that takes them at any length; left out, they stay as long as they are. */
  readonly cut?: PaddingCut | undefined;
}

/**
 * Scores a batch in runs: `run` gives what `outputs` ask for of a part of it, in their order. Where runs have to be exact a
 * shorter one is filled up, and what comes of the filling is dropped. Where padding is cut off, a run holds texts of one length,
 * and the results are put back into the order of the batch.
 */
export async function scoreInRuns(
  batch: Batch,
  outputs: readonly ExampleOutput[],
  { examplesPerRun: most, exact = false, cut }: Runs,
  run: (part: Batch) => Promise<readonly Numbers[]>,
): Promise<Scores> {
  const count = batch.labels.length;
  const scores = outputs.map((output) => (output === 'predicted' ? new Int32Array(count) : new Float32Array(count)));
  if (cut === undefined)
    for (let from = 0; from < count; from += most) {
      const left = count <= most ? batch : sliceBatch(batch, from, from + most);
      const part = await run(exact ? filledBatch(left, most) : left);
      part.forEach((numbers, index) => {
        scores[index]!.set(exact ? numbers.subarray(0, left.labels.length) : numbers, from);
      });
    }
  else
    for (const { positions, part } of withoutPadding(batch, cut)) {
      const found = await run(part);
      found.forEach((numbers, index) => {
        positions.forEach((position, i) => {
          scores[index]![position] = numbers[i]!;
        });
      });
    }
  return Object.fromEntries(outputs.map((output, index) => [output, scores[index]])) as unknown as Scores;
}

/** What a batch feeds a graph with, its tensors by input name and the labels, each as an engine's own tensor by `to`. */
export function feedsOf<T>(batch: Batch, inputs: readonly string[], to: (tensor: Tensor) => T): Record<string, T> {
  const labels = { dtype: 'int32', dims: [batch.labels.length], data: batch.labels } as const;
  const feeds = Object.fromEntries(inputs.map((input, index) => [input, to(batch.inputs[index]!)]));
  return { ...feeds, [labelsInput]: to(labels) };
}
