import { usageError } from '../core/errors.ts';
import { sha256 } from '../data/hash.ts';
import type { DeviceOptions } from '../engine/engine.ts';
import { openScorer } from '../engine/ort/openScorer.ts';
import { scoreAll, scoringBatch } from '../loop/evaluate.ts';
import { versions } from '../runtime/host.ts';
import type { LossTable } from '../store/lossTable.ts';
import type { StoreManifest } from '../store/manifest.ts';
import { writeLossStore } from '../store/writeStore.ts';
import type { Experiment } from './experiment.ts';
import { checkInterrupted, type Host } from './host.ts';
import type { IlCard } from './ilCard.ts';
import { type ModelFile, type ModelHints, sayAboutLogits, scoringFrom } from './model.ts';

/** Which of the examples are scored. */
export const scoreSplits = ['target', 'holdout', 'all'] as const;
export type ScoreSplit = (typeof scoreSplits)[number];

export interface ScoreOptions extends DeviceOptions, ModelHints {
  readonly split: ScoreSplit;
}

/** What scoring gave, and how fast it was. */
export interface ScoreResult {
  readonly table: LossTable;
  readonly manifest: StoreManifest;
  readonly seconds: number;
}

/**
 * Computes the irreducible loss of every example of a split once, with an IL model in eval mode, and writes them into a loss
 * store at `folder`. `card` says what the model was trained on; null where that is not known.
 */
export async function scoreToStore(
  experiment: Experiment,
  model: ModelFile,
  card: IlCard | null,
  { split, device, threads, ...hints }: ScoreOptions,
  folder: string,
  host: Host,
): Promise<ScoreResult> {
  const { data, options } = experiment;
  const ids = idsOf(experiment, split);
  if (ids.length === 0)
    throw usageError(`Cannot score the split "${split}": it is empty with --holdout ${options.holdout}`);
  const began = performance.now();
  const table = await scoreTable(experiment, model, ids, { device, threads, ...hints }, host);
  const seconds = (performance.now() - began) / 1000;
  const manifest = await writeLossStore(
    folder,
    {
      created: new Date().toISOString(),
      writtenBy: versions(),
      data: {
        name: data.name,
        fingerprint: experiment.fingerprint,
        contentHash: data.contentHash,
        length: data.length,
        classes: data.classes,
        noise: options.noise,
        labels: options.labels,
        vocab: options.vocab,
        tokens: options.tokens,
        decoder: data.decoder ?? null,
        holdout: options.holdout,
        dataSeed: options.dataSeed,
        split,
      },
      model: {
        name: model.name,
        fingerprint: await sha256(model.bytes),
        architecture: card?.model.architecture ?? null,
        trainedOn: card?.trainedOn ?? null,
      },
      preprocessing: data.preprocessing,
      scoring: { device, precision: 'fp32', mode: 'eval', grid: null, seconds },
      part: null,
    },
    table,
  );
  return { table, manifest, seconds };
}

function idsOf({ data, split }: Experiment, which: ScoreSplit): Uint32Array {
  return which === 'all' ? Uint32Array.from({ length: data.length }, (_, id) => id) : split[which];
}

async function scoreTable(
  { data }: Experiment,
  model: ModelFile,
  ids: Uint32Array,
  { device, threads, ...hints }: DeviceOptions & ModelHints,
  host: Host,
): Promise<LossTable> {
  const { progress } = host;
  const table: LossTable = {
    ids,
    loss: new Float32Array(ids.length),
    labels: Int32Array.from(ids, (id) => data.labels[id]!),
    predicted: new Int32Array(ids.length),
    margin: new Float32Array(ids.length),
  };
  const scoring = scoringFrom(data, model.name, hints);
  sayAboutLogits(model.graph, scoring, host.say);
  const scorer = await openScorer(model.graph, {
    ...scoring,
    ...{ device, threads },
    outputs: ['loss', 'predicted', 'margin'],
  });
  progress.start('scoring', ids.length);
  let done = 0;
  try {
    for await (const { scores } of scoreAll(scorer, data, ids, scoringBatch)) {
      table.loss.set(scores.loss, done);
      table.predicted.set(scores.predicted, done);
      table.margin.set(scores.margin!, done);
      done += scores.loss.length;
      progress.update(done);
      checkInterrupted(host, 'while scoring');
    }
  } finally {
    await scorer.close();
  }
  progress.finish();
  return table;
}
