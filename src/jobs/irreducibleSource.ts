import { dataError, usageError } from '../core/errors.ts';
import { type StrategyName, strategyOf } from '../core/selection.ts';
import type { DeviceOptions } from '../engine/engine.ts';
import { openScorer } from '../engine/ort/openScorer.ts';
import { type IrreducibleLosses, onlineLosses, storedLosses } from '../loop/irreducible.ts';
import { exists, joinPath } from '../runtime/files.ts';
import { doubtsAbout } from '../store/doubts.ts';
import { membership } from '../store/idSet.ts';
import { readIrreducibleLosses } from '../store/irreducibleLosses.ts';
import { isLossStore } from '../store/readStore.ts';
import type { Experiment } from './experiment.ts';
import { readIlCard, requireCardFits } from './ilCard.ts';
import { readScoredModel, sayAboutLogits, scoringFrom } from './model.ts';

/**
 * Opens the irreducible losses that `path` names: a folder is a loss store, an .onnx file, or a folder with an il.onnx, is an
 * IL model that scores online.
 * Either is refused where it was made for other data or has seen target examples.
 */
export async function openIrreducible(
  path: string,
  experiment: Experiment,
  device: DeviceOptions,
  say: (line: string) => void,
): Promise<IrreducibleLosses> {
  const model = await onlineModel(path);
  return model === null ? openStored(path, experiment, say) : openOnline(model, experiment, device, say);
}

/** The IL model that scores online where `path` names one; null for a loss store, and for what is none either. */
export async function onlineModel(path: string): Promise<string | null> {
  if (path.endsWith('.onnx')) return path;
  const inside = joinPath(path, 'il.onnx');
  return !(await isLossStore(path)) && (await exists(inside)) ? inside : null;
}

/** Whether irreducible losses are scored in the run: where they are given as an IL model. */
export async function scoresOnline(irreducible: string | null | undefined): Promise<boolean> {
  return irreducible != null && (await onlineModel(irreducible)) !== null;
}

/** Throws a usage error where one of `strategies` needs irreducible losses and none are given. */
export function requireIrreducible(strategies: readonly StrategyName[], path: string | null): void {
  const needing = strategies.find((name) => strategyOf(name).needsIrreducibleLoss);
  if (needing !== undefined && path === null)
    throw usageError(
      `Cannot train with --strategy ${needing}: it needs irreducible losses, make them with "rho score" and pass --irreducible DIR, or pass an IL model with --irreducible FILE.onnx`,
    );
}

const leaksUnknown = 'it is not known what its IL model was trained on, so target examples among that cannot be found';

async function openStored(
  folder: string,
  { data, split, fingerprint, options }: Experiment,
  say: (line: string) => void,
): Promise<IrreducibleLosses> {
  const { noise, dataSeed, labels } = options;
  const expected = { data: { name: data.name, fingerprint, noise, dataSeed, labels } };
  const { loss, nan, manifest } = await readIrreducibleLosses(folder, expected, split.target);
  const megabytes = (loss.byteLength / 2 ** 20).toFixed(loss.byteLength < 2 ** 20 ? 2 : 0);
  say(`${folder}: irreducible losses of ${split.target.length.toLocaleString('en-US')} examples in ${megabytes} MiB`);
  for (const doubt of doubtsAbout(manifest)) say(`${folder}: ${doubt}`);
  if (nan > 0) say(`${folder}: ${nan} irreducible losses are not a number, these examples are never selected`);
  if (manifest.models.some(({ trainedOn }) => trainedOn === null)) say(`${folder}: ${leaksUnknown}`);
  return storedLosses(loss);
}

async function openOnline(
  path: string,
  experiment: Experiment,
  { device, threads }: DeviceOptions,
  say: (line: string) => void,
): Promise<IrreducibleLosses> {
  const { data, split } = experiment;
  const model = await readScoredModel(path);
  const card = await readIlCard(path, model.bytes);
  if (card === null) say(`${path}: ${leaksUnknown}`);
  requireCardFits(card, data, path);
  if (card?.trainedOn.contentHash === data.contentHash) {
    const leaked = split.target.filter(membership(card.trainedOn.ids)).length;
    if (leaked > 0)
      throw dataError(
        `Cannot use the IL model "${path}": it was trained on ${leaked} of the ${split.target.length} target examples, expected none; pass the --holdout and --data-seed it was made with`,
      );
  }
  const scoring = scoringFrom(data, path);
  sayAboutLogits(model.graph, scoring, say);
  const scorer = await openScorer(model.graph, { ...scoring, device, threads, outputs: ['loss'], beside: true });
  return onlineLosses(scorer);
}
