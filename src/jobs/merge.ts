import { dataError } from '../core/errors.ts';
import { permutation, randomStream } from '../core/random.ts';
import type { Device, Precision } from '../engine/engine.ts';
import { writeFolderAtomic } from '../runtime/files.ts';
import { availableThreads, versions } from '../runtime/host.ts';
import { canonicalJson } from '../store/canonicalJson.ts';
import { joinTables, type LossTable } from '../store/lossTable.ts';
import type { StoreManifest, TrainedOn } from '../store/manifest.ts';
import { type PlannedShard, planShards } from '../store/planShards.ts';
import { readShard } from '../store/readShard.ts';
import { type LossStore, openLossStore } from '../store/readStore.ts';
import { differenceOf, waysOf } from '../store/sameScoring.ts';
import { openStoreWriter } from '../store/storeWriter.ts';
import type { TrainingData } from './experiment.ts';
import { checkInterrupted, type Host } from './host.ts';
import { readScoredModel } from './model.ts';
import { requireUnused } from './runFolder.ts';
import { idsOf, scoreShardsOf } from './score.ts';
import { type MovedData, openStoreData } from './storeData.ts';

export interface MergeOptions extends MovedData {
  /** Path of the IL model; default: as the parts name it. */
  readonly model?: string;
  /** Whether some examples are scored again and compared, and the ids with those of the split. */
  readonly check: boolean;
}

/** How scores of a sample of the rows compare with what the parts say. */
export interface MergeCheck {
  readonly sample: number;
  /** Greatest difference of a loss, relative to max(1, loss). */
  readonly difference: number;
}

export interface MergeResult {
  readonly manifest: StoreManifest;
  /** Null where it was not asked for. */
  readonly check: MergeCheck | null;
}

/**
 * Makes one loss store of the parts that several machines have made with `rho score --shard i/n`; it is byte for byte the one
 * that a single machine would have made. Parts of other data, models or options, parts that are missing, ids that are
 * there twice or not at all, and losses that this machine finds to be others, are data errors.
 */
export async function mergeStores(
  folders: readonly string[],
  options: MergeOptions,
  out: string,
  host: Host,
): Promise<MergeResult> {
  await requireUnused(out);
  const parts: LossStore[] = [];
  for (const folder of folders) parts.push(await openLossStore(folder));
  const kept = distinctParts(parts, host.say);
  const { manifest } = kept[0]!;
  const training = options.check ? await openStoreData(kept[0]!.folder, manifest, options) : null;
  const ids = await idsOfParts(kept);
  if (training !== null) requireAll(ids, idsOf(training, manifest.data.split), manifest.data.length);
  const check = training === null ? null : await scoreSample(kept, ids, training, options.model, host);
  return { manifest: await writeMerged(kept, ids, out, host), check };
}

/** The parts without repetitions; that they belong together and that none is missing is checked. */
function distinctParts(parts: readonly LossStore[], say: (line: string) => void): readonly LossStore[] {
  const first = parts[0]!;
  const byIndex = new Map<number, LossStore>();
  for (const store of parts) {
    const { part } = store.manifest;
    const difference = differenceOf(
      { ...waysOf(first.manifest), part: String(first.manifest.part?.of) },
      { ...waysOf(store.manifest), part: String(part?.of) },
    );
    if (difference !== null)
      throw dataError(
        `Cannot merge "${store.folder}" with "${first.folder}": its ${difference.what} is ${difference.now}, there it is ${difference.before}; merge parts of one "rho score --shard"`,
      );
    if (part === null)
      throw dataError(`Cannot merge "${store.folder}": it is a whole store, expected parts made with --shard i/n`);
    const twin = byIndex.get(part.index);
    if (twin === undefined) byIndex.set(part.index, store);
    else if (hashesOf(twin) === hashesOf(store))
      say(`${store.folder}: part ${part.index} is there twice, this one is left out`);
    else
      throw dataError(
        `Cannot merge "${store.folder}" with "${twin.folder}": both are part ${part.index} of ${part.of} and their losses differ; leave one out`,
      );
  }
  const { of } = first.manifest.part!;
  const missing = Array.from({ length: of }, (_, i) => i + 1).filter((index) => !byIndex.has(index));
  if (missing.length > 0)
    throw dataError(
      `Cannot merge ${byIndex.size} of ${of} parts: part ${listed(missing)} missing; run "rho score" with --shard ${missing[0]}/${of}`,
    );
  return [...byIndex].sort(([a], [b]) => a - b).map(([, store]) => store);
}

function hashesOf({ manifest }: LossStore): string {
  return manifest.shards.map(({ sha256 }) => sha256).join();
}

function listed(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 10).join(', ');
  return `${shown}${numbers.length > 10 ? ', …' : ''} ${numbers.length === 1 ? 'is' : 'are'}`;
}

/** The ids of all parts, ascending; that none is there twice is checked. */
async function idsOfParts(parts: readonly LossStore[]): Promise<Uint32Array> {
  const { length } = parts[0]!.manifest.data;
  const from = new Uint16Array(length);
  let count = 0;
  for (const [position, { folder, manifest }] of parts.entries())
    for (const shard of manifest.shards) {
      const { ids } = await readShard(folder, shard, ['ids']);
      for (const id of ids) {
        const other = from[id];
        if (other === undefined || other !== 0)
          throw dataError(
            `Cannot merge "${folder}": id ${id} ${other === undefined ? `is not among the ${length} examples` : `is in "${parts[other - 1]!.folder}" too`}`,
          );
        from[id] = position + 1;
        count++;
      }
    }
  const ids = new Uint32Array(count);
  let row = 0;
  for (let id = 0; id < length; id++) if (from[id] !== 0) ids[row++] = id;
  return ids;
}

/** Throws where the ids are not those of the split. */
function requireAll(found: Uint32Array, wanted: Uint32Array, length: number): void {
  const there = new Uint8Array(length);
  for (const id of found) there[id] = 1;
  const missing = wanted.filter((id) => there[id] === 0);
  const strangers = found.length - (wanted.length - missing.length);
  if (missing.length > 0)
    throw dataError(
      `Cannot merge the parts: ${missing.length} ids of the split are in none of them, from ${missing[0]} to ${missing.at(-1)}; score them again`,
    );
  if (strangers > 0) throw dataError(`Cannot merge the parts: ${strangers} of their ids are not in the split`);
}

/** Rows that are scored again: one in a thousand, within bounds that are worth it and cheap enough. */
function sampleSize(count: number): number {
  return Math.min(count, Math.max(100, Math.min(10_000, Math.ceil(count / 1000))));
}

/** Machines differ in the last bits of a loss, those with other instructions for 8-bit products in more of them. */
const tolerance: Readonly<Record<Precision, number>> = { fp32: 1e-4, fp16: 0.05, int8: 0.05 };

async function scoreSample(
  parts: readonly LossStore[],
  all: Uint32Array,
  training: TrainingData,
  path: string | undefined,
  host: Host,
): Promise<MergeCheck> {
  const { models, scoring, data } = parts[0]!.manifest;
  const model = await readScoredModel(path ?? models[0]!.name);
  const rows = permutation(all.length, randomStream(data.dataSeed, 'merge')).slice(0, sampleSize(all.length));
  const ids = Uint32Array.from(rows.sort(), (row) => all[row]!);
  const there = await lossesOf(parts, ids);
  const here: LossTable[] = [];
  const { device, precision, logits, layout } = scoring as typeof scoring & { device: Device; precision: Precision };
  const options = { device, precision, logits, layout, threads: availableThreads() };
  const write = async (_: unknown, table: LossTable) => {
    here.push(table);
  };
  await scoreShardsOf([{ ids }], training.data, model, options, host, write, 'scoring a sample again');
  let difference = 0;
  for (const [i, id] of ids.entries()) {
    const [now, before] = [here[0]!.loss[i]!, there.get(id)!];
    const apart = Object.is(now, before) ? 0 : Math.abs(now - before) / Math.max(1, Math.abs(before));
    if (!(apart <= tolerance[precision]))
      throw dataError(
        `Cannot merge the parts: the loss of example ${id} is ${before} there and ${now} here; score the part that it is in again`,
      );
    difference = Math.max(difference, apart);
  }
  return { sample: ids.length, difference };
}

/** The losses of some ids (ascending), one shard in memory at a time. */
async function lossesOf(parts: readonly LossStore[], ids: Uint32Array): Promise<ReadonlyMap<number, number>> {
  const wanted = new Set(ids);
  const losses = new Map<number, number>();
  for (const { folder, manifest } of parts)
    for (const shard of manifest.shards) {
      const table = await readShard(folder, shard, ['ids', 'loss']);
      for (const [row, id] of table.ids.entries()) if (wanted.has(id)) losses.set(id, table.loss[row]!);
    }
  return losses;
}

async function writeMerged(
  parts: readonly LossStore[],
  ids: Uint32Array,
  out: string,
  host: Host,
): Promise<StoreManifest> {
  const manifests = parts.map(({ manifest }) => manifest);
  const { models, scoring, span, ...rest } = manifests[0]!;
  const { agreement: _, seconds: __, ...way } = scoring;
  const description = {
    ...rest,
    created: new Date().toISOString(),
    writtenBy: versions(),
    model: { ...models[0]!, trainedOn: trainedOnIn(parts) },
    ...{ scoring: way, part: null, span },
  };
  const outcome = {
    // A part without examples has none.
    agreement: manifests.find((manifest) => manifest.scoring.agreement !== null)?.scoring.agreement ?? null,
    seconds: manifests.reduce((sum, manifest) => sum + manifest.scoring.seconds, 0),
  };
  let merged: StoreManifest | undefined;
  await writeFolderAtomic(out, async (temporary) => {
    const writer = await openStoreWriter(temporary, description, planShards(ids, span, null));
    try {
      for (const shard of writer.missing) {
        checkInterrupted(host, 'while merging');
        await writer.write(shard, await rowsOf(parts, shard, span));
      }
      merged = await writer.finish(outcome);
    } finally {
      await writer.close();
    }
  });
  return merged!;
}

/** What the one model of all parts was trained on, as far as any of them knows. */
function trainedOnIn(parts: readonly LossStore[]): TrainedOn | null {
  const known = parts.flatMap(({ folder, manifest }) => {
    const { trainedOn } = manifest.models[0]!;
    return trainedOn === null ? [] : [{ folder, trainedOn }];
  });
  const [first] = known;
  const other = known.find(({ trainedOn }) => canonicalJson(trainedOn) !== canonicalJson(first!.trainedOn));
  if (other !== undefined)
    throw dataError(
      `Cannot merge "${other.folder}" with "${first!.folder}": they say otherwise of what their one model was trained on; score one of them again`,
    );
  return first?.trainedOn ?? null;
}

/** The rows of a shard, whichever files of whichever part they are in. */
async function rowsOf(parts: readonly LossStore[], { number, ids }: PlannedShard, span: number): Promise<LossTable> {
  const tables: LossTable[] = [];
  for (const { folder, manifest } of parts)
    for (const shard of manifest.shards)
      if (Math.floor(shard.firstId / span) === number)
        tables.push(await readShard(folder, shard, ['ids', 'loss', 'labels', 'predicted', 'margin']));
  const table = joinTables(tables);
  if (table.ids.length !== ids.length)
    throw dataError(`Cannot merge the parts: shard ${number} changed while it was read`);
  return table;
}
