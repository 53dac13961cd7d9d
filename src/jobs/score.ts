import { bytesPerExample } from '../core/batch.ts';
import { dataError, usageError } from '../core/errors.ts';
import { rankAgreement } from '../core/rankAgreement.ts';
import { reportedLater } from '../core/reportedLater.ts';
import type { Dataset } from '../data/dataset.ts';
import { fingerprintOfFirst } from '../data/fingerprint.ts';
import { sha256 } from '../data/hash.ts';
import type { DeviceOptions, Precision } from '../engine/engine.ts';
import { openScorerPool, type ScorerPool, type ScorerPoolOptions } from '../engine/ort/scorerPool.ts';
import { scoreShards } from '../loop/scoreShards.ts';
import { findClassifier } from '../onnx/classifier.ts';
import type { FeedOptions } from '../onnx/preprocess.ts';
import { versions } from '../runtime/host.ts';
import { doubtsAbout } from '../store/doubts.ts';
import { type FoundStore, findStore, lastDescription } from '../store/findStore.ts';
import { grownIds } from '../store/idSet.ts';
import type { LossTable } from '../store/lossTable.ts';
import type { RankAgreement, StoreDescription, StoreManifest, TrainedOn } from '../store/manifest.ts';
import { countIds, planShards, type StorePart, usualSpan } from '../store/planShards.ts';
import { openStoreWriter } from '../store/storeWriter.ts';
import { splitOf, type TrainingData } from './experiment.ts';
import { checkInterrupted, type Host } from './host.ts';
import type { IlCard } from './ilCard.ts';
import { type ModelFile, type ModelHints, sayAboutLogits, scoringFrom } from './model.ts';
import { refuseProbabilities } from './refuseProbabilities.ts';

/** Which of the examples are scored. */
export const scoreSplits = ['target', 'holdout', 'all'] as const;
export type ScoreSplit = (typeof scoreSplits)[number];

export interface ScoreOptions extends DeviceOptions, ModelHints {
  readonly split: ScoreSplit;
  /** What the model is computed in; default fp32. */
  readonly precision?: Precision;
  /** Threads with a session each, which share `threads`; default: as many as threads. */
  readonly workers?: number | null;
  /** The part of the work that this machine does; default all of it. */
  readonly part?: StorePart | null;
  /** Ids that a shard spans; default some tens of shards. */
  readonly span?: number | null;
  /** Whether a store of data that have grown since is added to; default no. */
  readonly append?: boolean;
}

/** What scoring gave, and how fast it was. */
export interface ScoreResult {
  readonly manifest: StoreManifest;
  /** Examples scored now; the others were there. */
  readonly scored: number;
  /** Wall-clock of these. */
  readonly seconds: number;
}

/**
 * Computes the irreducible loss of every example of a split once, with an IL model in eval mode, into the loss store `folder`.
 * What an interrupted run of the same kind left there is kept, and what is damaged is made anew. `card` says what the
 * model was trained on; null where that is not known.
 */
export async function scoreToStore(
  training: TrainingData,
  model: ModelFile,
  card: IlCard | null,
  options: ScoreOptions,
  folder: string,
  host: Host,
): Promise<ScoreResult> {
  const { data } = training;
  const ids = idsOf(training, options.split);
  const found = await findStore(folder);
  const description = await describe(training, model, card, options, lastDescription(found));
  const planned = planShards(ids, description.span, description.part);
  const earlier = new Set(options.append ? await fingerprintsBefore(folder, found, data) : []);
  const writer = await openStoreWriter(folder, description, planned, { earlier });
  if (writer.kept > 0) host.say(`${folder}: ${writer.kept.toLocaleString('en-US')} examples are there already`);
  if (writer.damaged.length > 0) host.say(`${folder}: ${writer.damaged.join(', ')} damaged, scored again`);
  const scored = countIds(writer.missing);
  sayAboutLogits(model.graph, scoringFrom(data, model.name, options), host.say);
  const began = performance.now();
  try {
    const begin = () => writer.begin();
    if (scored > 0 && card === null) await refuseProbabilities(data, ids, model, options);
    if (scored > 0) await scoreShardsOf(writer.missing, data, model, options, { ...host, begin }, writer.write);
    const agreement = writer.isWhole ? null : await agreementOf(ids, data, model, options, host);
    const manifest = await writer.finish({ agreement });
    for (const doubt of doubtsAbout(manifest)) host.say(`${folder}: ${doubt}`);
    return { manifest, scored, seconds: (performance.now() - began) / 1000 };
  } finally {
    await writer.close();
  }
}

/** The ids that a split holds, ascending; an empty one is a usage error. */
export function idsOf(training: TrainingData, which: ScoreSplit): Uint32Array {
  const { data, options } = training;
  const ids = which === 'all' ? new Uint32Array(data.length).map((_, id) => id) : splitOf(training)[which];
  if (ids.length === 0)
    throw usageError(`Cannot score the split "${which}": it is empty with --holdout ${options.holdout}`);
  return ids;
}

/** What is known of the store before a loss is computed. */
async function describe(
  training: TrainingData,
  model: ModelFile,
  card: IlCard | null,
  { split, device, precision = 'fp32', layout = 'auto', part = null, span, logits: named = null }: ScoreOptions,
  before: StoreDescription | null,
): Promise<StoreDescription> {
  const described = describeData(training, split);
  const { logits } = findClassifier(model.graph, model.name, { logits: named, classes: training.data.classes });
  // The same model as before, or the store is refused: what is known of it is not forgotten where its card is gone.
  const trainedOn = card?.trainedOn ?? before?.model.trainedOn ?? null;
  return {
    ...described,
    created: before?.created ?? described.created,
    model: {
      name: model.name,
      fingerprint: await sha256(model.bytes),
      architecture: card?.model.architecture ?? before?.model.architecture ?? null,
      trainedOn: trainedOn === null ? null : await trainedOnHere(trainedOn, training.data),
    },
    scoring: { device, precision, mode: 'eval', logits, layout },
    part,
    span: span ?? before?.span ?? described.span,
  };
}

/** What a store says of the examples that it holds losses of: all of a split, in shards of the usual size. */
export function describeData(
  { data, options, fingerprint }: TrainingData,
  split: ScoreSplit,
): Omit<StoreDescription, 'model' | 'scoring'> {
  const { noise, labels, vocab, tokens, imageSize, preprocessing, holdout, dataSeed } = options;
  return {
    created: new Date().toISOString(),
    writtenBy: versions(),
    data: {
      name: data.name,
      fingerprint,
      contentHash: data.contentHash,
      length: data.length,
      classes: data.classes,
      ...{ noise, labels, vocab, tokens, imageSize, preprocessing },
      inputs: data.inputs.map(({ dtype, dims }) => `${dtype}[${dims}]`).join(' '),
      decoder: data.decoder ?? null,
      ...{ holdout, dataSeed, split },
    },
    preprocessing: data.preprocessing,
    part: null,
    span: usualSpan(data.length),
  };
}

/** What a model was trained on, told in terms of data that have grown since, so that a leak is still found. */
async function trainedOnHere(trainedOn: TrainedOn, data: Dataset): Promise<TrainedOn> {
  const { contentHash, ids } = trainedOn;
  if (contentHash === data.contentHash || ids.length >= data.length) return trainedOn;
  if ((await data.hashOfFirst(ids.length)) !== contentHash) return trainedOn;
  return { ...trainedOn, contentHash: data.contentHash, ids: grownIds(ids, data.length) };
}

/** The fingerprints of the examples that a store knew, and of those that were being added to it, as they are now. */
async function fingerprintsBefore(
  folder: string,
  { manifest, begun }: FoundStore,
  data: Dataset,
): Promise<readonly string[]> {
  const lengths = [manifest, begun].flatMap((store) => (store === null ? [] : [store.data.length]));
  const longest = Math.max(0, ...lengths);
  if (longest > data.length)
    throw dataError(
      `Cannot add to loss store "${folder}": it was made for ${longest} examples, "${data.name}" has ${data.length}`,
    );
  return Promise.all(lengths.map((length) => fingerprintOfFirst(data, length)));
}

/** Examples that losses of a reduced precision are compared with fp32 on. */
const mostCompared = 1000;

/** How losses of a reduced precision rank examples, spread evenly over `ids`, beside those of fp32; null for fp32 itself. */
async function agreementOf(
  ids: Uint32Array,
  data: Dataset,
  model: ModelFile,
  { split: _, ...options }: ScoreOptions,
  host: Host,
): Promise<RankAgreement | null> {
  const { precision = 'fp32' } = options;
  if (precision === 'fp32') return null;
  const sample = Math.min(mostCompared, ids.length);
  const compared = Uint32Array.from({ length: sample }, (_, i) => ids[Math.floor((i * ids.length) / sample)]!);
  const losses: Float32Array[] = [];
  for (const each of ['fp32', precision] as const)
    await scoreShardsOf(
      [{ ids: compared }],
      data,
      model,
      { ...options, precision: each },
      host,
      async (_, table) => {
        losses.push(table.loss);
      },
      `comparing, in ${each}`,
    );
  const { spearman, topTenthOverlap } = rankAgreement(losses[0]!, losses[1]!);
  return { sample, spearman: Number.isNaN(spearman) ? null : spearman, topTenth: topTenthOverlap };
}

/** A batch is sent to a worker at once: big enough for the messages not to count, small enough to wait for after Ctrl-C. */
const mostRunsPerBatch = 4;
const mostPerBatch = 1024;
const mostBytesPerBatch = 8 * 2 ** 20;

/** Whole runs, of which few batches fit into memory. */
function batchSize({ inputs }: Dataset, { examplesPerRun }: ScorerPool): number {
  const fitting = Math.min(mostPerBatch, mostBytesPerBatch / bytesPerExample(inputs));
  const runs = Math.floor(fitting / examplesPerRun);
  return examplesPerRun * Math.max(1, Math.min(mostRunsPerBatch, runs));
}

/** Scores shard after shard; `write` takes each while the next one is scored. */
export async function scoreShardsOf<S extends { readonly ids: Uint32Array }>(
  shards: readonly S[],
  data: Dataset,
  model: ModelFile,
  options: Omit<ScorerPoolOptions, 'outputs' | keyof FeedOptions> & ModelHints,
  host: Host,
  write: (shard: S, table: LossTable) => Promise<void>,
  label = 'scoring',
): Promise<void> {
  const { progress } = host;
  const scoring = scoringFrom(data, model.name, options);
  const pool = await openScorerPool(model.graph, {
    ...options,
    ...scoring,
    outputs: ['loss', 'predicted', 'margin'],
  });
  let done = 0;
  const onScored = (count: number) => {
    done += count;
    progress.update(done);
    checkInterrupted(host, 'while scoring');
  };
  let writing = Promise.resolve();
  try {
    await host.begin();
    progress.start(label, countIds(shards));
    const work = { batch: batchSize(data, pool), workers: pool.workers, onScored };
    for await (const { shard, table } of scoreShards(pool, data, shards, work)) {
      await writing;
      writing = reportedLater(write(shard, table));
    }
    await writing;
  } finally {
    await writing.catch(() => undefined);
    await pool.close();
  }
  progress.finish();
}
