import { dataError, usageError } from '../core/errors.ts';
import { type StrategyName, strategyOf } from '../core/selection.ts';
import type { Dataset } from '../data/dataset.ts';
import { openScorer } from '../engine/ort/openScorer.ts';
import { type IrreducibleLosses, onlineLosses, storedLosses } from '../loop/irreducible.ts';
import { formatShare } from '../report/format.ts';
import { exists, joinPath } from '../runtime/files.ts';
import { doubtsAbout } from '../store/doubts.ts';
import { membership } from '../store/idSet.ts';
import { readIrreducibleLosses } from '../store/irreducibleLosses.ts';
import { isLossStore, isUnfinishedStore } from '../store/readStore.ts';
import type { Experiment } from './experiment.ts';
import { readIlCard, requireCardFits } from './ilCard.ts';
import { loadModel, type ModelFile, readScoredModel, sayAboutLogits, scoringFrom } from './model.ts';
import { irreducibleShare, onlineDevice, type SharedThreads, type StepWork } from './threadBudget.ts';

/** Irreducible losses of a run. */
export interface RunLosses extends IrreducibleLosses {
  /** What part of the work of a step computing them is; null where they are stored. */
  readonly share: number | null;
}

/** What irreducible losses online share a run with. */
export type OnlineOptions = SharedThreads & StepWork & { readonly model: string };

/**
 * Opens the irreducible losses that `path` names: a folder is a loss store, an .onnx file, or a folder with an il.onnx, is an
 * IL model that scores online, where and with as many threads as `options` leave it.
 * Either is refused where it was made for other data or has seen target examples.
 */
export async function openIrreducible(
  path: string,
  experiment: Experiment,
  options: OnlineOptions,
  say: (line: string) => void,
): Promise<RunLosses> {
  const model = await onlineModel(path);
  if (model !== null) return openOnline(model, experiment, options, say);
  if (!(await isLossStore(path)) && !(await isUnfinishedStore(path))) throw await neitherStoreNorModel(path);
  return openStored(path, experiment, say);
}

async function neitherStoreNorModel(path: string): Promise<Error> {
  const found = (await exists(path)) ? 'it is neither a loss store nor an IL model' : 'there is no such folder or file';
  return dataError(
    `Cannot take irreducible losses from "${path}": ${found}; pass the folder that "rho score" wrote, or an IL model, FILE.onnx or a folder with an il.onnx`,
  );
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
): Promise<RunLosses> {
  const { noise, dataSeed, labels } = options;
  const expected = { data: { name: data.name, fingerprint, noise, dataSeed, labels } };
  const { loss, nan, manifest } = await readIrreducibleLosses(folder, expected, split.target);
  const megabytes = (loss.byteLength / 2 ** 20).toFixed(loss.byteLength < 2 ** 20 ? 2 : 0);
  say(`${folder}: irreducible losses of ${split.target.length.toLocaleString('en-US')} examples in ${megabytes} MiB`);
  for (const doubt of doubtsAbout(manifest)) say(`${folder}: ${doubt}`);
  if (nan > 0) say(`${folder}: ${nan} irreducible losses are not a number, these examples are never selected`);
  if (manifest.models.some(({ trainedOn }) => trainedOn === null)) say(`${folder}: ${leaksUnknown}`);
  return { ...storedLosses(loss), share: null };
}

async function openOnline(
  path: string,
  experiment: Experiment,
  options: OnlineOptions,
  say: (line: string) => void,
): Promise<RunLosses> {
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
  return scoredOnline(model, data, options, say);
}

/** Irreducible losses by an IL model that scores in the run, which nothing more is asked of. */
export async function scoredOnline(
  { graph, name }: ModelFile,
  data: Dataset,
  options: OnlineOptions,
  say: (line: string) => void,
): Promise<RunLosses> {
  const scoring = scoringFrom(data, name);
  sayAboutLogits(graph, scoring, say);
  const target = await loadModel(options.model, data, 0);
  const share = irreducibleShare(graph, target.graph, options);
  const { device, threads, isExtra } = onlineDevice(options, share);
  if (isExtra)
    say(
      `${name}: scores in a thread beside the ${options.threads} of --threads, for irreducible losses are ${formatShare(share)} of the work of a step`,
    );
  const scorer = await openScorer(graph, { ...scoring, device, threads, outputs: ['loss'], beside: true });
  return { ...onlineLosses(scorer), share };
}
