import { dataError } from '../core/errors.ts';
import { sha256 } from '../data/hash.ts';
import { type AppendFile, joinPath, makeFolder, writeFileAtomic } from '../runtime/files.ts';
import { takeLock } from '../runtime/lock.ts';
import { canonicalJson } from './canonicalJson.ts';
import { type FoundStore, findStore } from './findStore.ts';
import { beginJournal, type JournalEntry, journalLine } from './journal.ts';
import { addSums, type LossSums, type LossTable, lossStatistics, noLosses, sumLosses } from './lossTable.ts';
import {
  manifestName,
  parseManifest,
  type ScoringOutcome,
  type StoreDescription,
  type StoreManifest,
  type StoreShard,
} from './manifest.ts';
import { countIds, type PlannedShard } from './planShards.ts';
import { DamagedShard, readShard } from './readShard.ts';
import { checkSameScoring } from './sameScoring.ts';
import { columnOffsets, encodeShard } from './shard.ts';
import { lockName, refuseOtherFiles, removeLeftovers, removeUnlisted } from './storeFolder.ts';

/** A loss store that is being made, or made whole again. */
export interface StoreWriter {
  /** What is not there yet, by ascending id; empty where the store is whole. */
  readonly missing: readonly PlannedShard[];
  /** Rows that an interrupted run left, or that were there before the data grew. */
  readonly kept: number;
  /** Files that were found damaged: their rows are among what is missing. */
  readonly damaged: readonly string[];
  /** Whether there is nothing to do: the store is whole, and its manifest tells of these very data. */
  readonly isWhole: boolean;
  /** Makes the folder, where another process must not be writing; otherwise the first shard does. */
  begin(): Promise<void>;
  /** Writes a shard that is `missing`, in any order; it is there whole or not at all, and counts from then on. */
  write(shard: PlannedShard, table: LossTable): Promise<void>;
  /** Makes a store of the shards, all of which have to be there. Left out: no agreement, and the seconds since opening. */
  finish(outcome?: Partial<ScoringOutcome>): Promise<StoreManifest>;
  /** Leaves the store as it is, to be gone on with later. */
  close(): Promise<void>;
}

export interface StoreWriterOptions {
  /** Fingerprints of beginnings of the data that a store in this folder may be of; default none: data must not have grown. */
  readonly earlier?: ReadonlySet<string>;
}

/** A shard that is whole on disk, with what its rows sum up to. */
interface WholeShard {
  readonly shard: StoreShard;
  readonly sums: LossSums;
}

/**
 * Opens the folder of a loss store of the ids `planned` for writing. What an earlier run of the same description left there is
 * kept if it is whole. A folder that holds anything else, or losses that came about in another way, is a data error.
 */
export async function openStoreWriter(
  folder: string,
  description: StoreDescription,
  planned: readonly PlannedShard[],
  { earlier = new Set() }: StoreWriterOptions = {},
): Promise<StoreWriter> {
  const { data } = description;
  checkIds(folder, data, planned);
  await refuseOtherFiles(folder);
  const found = await findStore(folder);
  checkFound(folder, found, description, earlier);
  const { whole, damaged, covered } = await verifyShards(folder, found.shards, data.length);
  const kept = whole.reduce((rows, { shard }) => rows + shard.rows, 0);
  const missing = planned
    .map(({ number, ids }) => ({ number, ids: kept === 0 ? ids : ids.filter((id) => covered[id] === 0) }))
    .filter(({ ids }) => ids.length > 0);
  checkKept(folder, planned, missing, kept);

  const began = performance.now();
  const secondsNow = () => found.seconds + (performance.now() - began) / 1000;
  let journal: Promise<AppendFile> | undefined;
  let unlock = async () => {};
  const openJournal = async () => {
    await makeFolder(folder);
    unlock = await takeLock(joinPath(folder, lockName), `loss store "${folder}"`);
    if (canonicalJson(await findStore(folder)) !== canonicalJson(found))
      throw dataError(
        `Cannot write loss store "${folder}": another process has changed it meanwhile; run the command again`,
      );
    await removeLeftovers(folder);
    const entries = whole.map(({ shard }) => ({ shard, seconds: found.seconds }));
    return beginJournal(folder, { description, entries });
  };
  const begun = () => {
    journal ??= openJournal();
    return journal;
  };

  const isWhole = missing.length === 0 && found.begun === null && found.manifest?.data.fingerprint === data.fingerprint;

  return {
    missing,
    kept,
    damaged,
    isWhole,
    begin: async () => {
      await begun();
    },
    async write({ number }, table) {
      const lines = await begun();
      const name = freeName(number, whole);
      const bytes = encodeShard(table, { data: data.fingerprint, model: description.model.fingerprint });
      const shard: StoreShard = {
        file: name,
        model: 0,
        rows: table.ids.length,
        firstId: table.ids[0]!,
        lastId: table.ids.at(-1)!,
        bytes: bytes.length,
        sha256: await sha256(bytes),
        offsets: columnOffsets(bytes),
      };
      // Named at once, so that a second shard of this number that is written meanwhile gets another name.
      whole.push({ shard, sums: sumLosses(table) });
      await writeFileAtomic(joinPath(folder, name), bytes);
      await lines.write(journalLine({ shard, seconds: secondsNow() } satisfies JournalEntry));
    },
    async finish({ agreement = null, seconds = secondsNow() } = {}) {
      if (isWhole) return found.manifest!;
      await begun();
      const manifest = manifestOf(description, whole, { agreement, seconds });
      const json = `${JSON.stringify(manifest, null, 2)}\n`;
      parseManifest(json, folder);
      await (await journal)?.close();
      await writeFileAtomic(joinPath(folder, manifestName), json);
      await removeUnlisted(folder, [manifestName, ...manifest.shards.map(({ file }) => file)]);
      return manifest;
    },
    async close() {
      await (await journal?.catch(() => undefined))?.close().catch(() => undefined);
      await unlock();
    },
  };
}

/** Throws a data error where an id is none of the data. */
export function checkIds(
  folder: string,
  { name, length }: StoreDescription['data'],
  planned: readonly PlannedShard[],
): void {
  const lastId = planned.at(-1)?.ids.at(-1) ?? -1;
  if (lastId >= length)
    throw dataError(
      `Cannot write loss store "${folder}": id ${lastId} is not among the ${length} examples of "${name}"`,
    );
}

/** Refuses losses in the folder that came about in another way. */
function checkFound(
  folder: string,
  { manifest, begun }: FoundStore,
  description: StoreDescription,
  earlier: ReadonlySet<string>,
): void {
  if (manifest !== null) checkSameScoring(folder, manifest, description, earlier);
  if (begun !== null) checkSameScoring(folder, begun, description, earlier);
}

/** Reads shards that should be there, and tells which ids they hold. */
async function verifyShards(folder: string, shards: readonly StoreShard[], length: number) {
  const whole: WholeShard[] = [];
  const damaged: string[] = [];
  const covered = new Uint8Array(length);
  for (const shard of shards) {
    const table = await readShard(folder, shard, ['ids', 'loss', 'labels', 'predicted']).catch((error) => {
      if (error instanceof DamagedShard) return null;
      throw error;
    });
    if (table === null || shard.lastId >= length || table.ids.some((id) => covered[id] === 1)) {
      damaged.push(shard.file);
      continue;
    }
    for (const id of table.ids) covered[id] = 1;
    whole.push({ shard, sums: sumLosses(table) });
  }
  return { whole, damaged, covered };
}

/** Rows that are kept have to be ones that are asked for. */
function checkKept(
  folder: string,
  planned: readonly PlannedShard[],
  missing: readonly PlannedShard[],
  kept: number,
): void {
  const strangers = countIds(missing) + kept - countIds(planned);
  if (strangers > 0)
    throw dataError(
      `Cannot add to loss store "${folder}": ${strangers} of its examples are not in the split any more, which changes as the data grow; score with --holdout none, even-odd or --split all into a new folder`,
    );
}

/** The file of a shard: later additions to the same stretch of ids have names of their own. */
function freeName(number: number, whole: readonly WholeShard[]): string {
  const taken = new Set(whole.map(({ shard }) => shard.file));
  const stem = `shard-${String(number).padStart(5, '0')}`;
  let name = `${stem}.parquet`;
  for (let addition = 2; taken.has(name); addition++) name = `${stem}-${addition}.parquet`;
  return name;
}

function manifestOf(
  description: StoreDescription,
  whole: readonly WholeShard[],
  outcome: ScoringOutcome,
): StoreManifest {
  const { created, writtenBy, data, model, preprocessing, scoring, part, span } = description;
  const sorted = [...whole].sort((a, b) => a.shard.firstId - b.shard.firstId);
  const sums = sorted.reduce((sum, shard) => addSums(sum, shard.sums), noLosses);
  return {
    format: 'rho-loss-store',
    version: 1,
    ...{ created, writtenBy, data },
    models: [model],
    preprocessing,
    scoring: { ...scoring, ...outcome },
    ...{ part, span },
    count: sums.rows,
    statistics: lossStatistics(sums),
    shards: sorted.map(({ shard }) => shard),
  };
}
