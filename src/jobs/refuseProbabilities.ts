import { dataError } from '../core/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import type { DeviceOptions } from '../engine/engine.ts';
import { openScorer } from '../engine/ort/openScorer.ts';
import { findClassifier } from '../onnx/classifier.ts';
import { type ModelFile, type ModelHints, scoringFrom } from './model.ts';

/** Examples that are looked at. */
const looked = 64;

/**
 * Refuses a model whose output, which nobody has named as logits, holds probabilities on these data: no number below 0, and every
 * row sums to 1. A softmax over them would give other losses without a word.
 */
export async function refuseProbabilities(
  data: Dataset,
  ids: Uint32Array,
  model: ModelFile,
  { device, threads, ...hints }: DeviceOptions & ModelHints,
): Promise<void> {
  const scoring = scoringFrom(data, model.name, hints);
  const { closing, isNamed, logits } = findClassifier(model.graph, model.name, scoring);
  if (isNamed || closing !== 'none') return;
  const outputs = ['leastLogit', 'logitSum'] as const;
  const scorer = await openScorer(model.graph, { ...scoring, device, threads, outputs });
  const scores = await scorer.score(await data.gather(ids.subarray(0, looked))).finally(() => scorer.close());
  const isPossible = scores.leastLogit!.every((least) => least >= 0);
  if (isPossible && scores.logitSum!.every((sum) => Math.abs(sum - 1) < 1e-3))
    throw dataError(
      `Cannot score with "${model.name}": its output "${logits}" holds probabilities (none below 0, each row sums to 1) that no Softmax gives, expected logits; name the value that holds these with --logits, or make a store of the probabilities with --probabilities`,
    );
}
