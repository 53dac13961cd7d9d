import { dataError } from '../../core/errors.ts';
import { splitHoldout } from '../../data/split.ts';
import { exists, isFolder, joinPath, listFolder } from '../../runtime/web/files.ts';
import { type FoundStore, findStore, lastDescription } from '../../store/findStore.ts';
import type { StoreDescription } from '../../store/manifest.ts';
import type { ScoreRequest } from '../protocol.ts';
import { storesFolder } from './storeFolder.ts';
import { zipFolder } from './zipFolder.ts';

/** A loss store that the browser keeps, whole or on its way. */
export interface KeptStore {
  readonly folder: string;
  readonly isWhole: boolean;
  readonly data: string;
  readonly device: string;
  /** ISO 8601. */
  readonly created: string;
  /** Examples that are scored, of how many. */
  readonly rows: number;
  readonly total: number;
  /** What goes on with it, by the options that it was begun with. */
  readonly request: ScoreRequest;
  /** Whether model and data are at hand for that. */
  readonly isReady: boolean;
}

/** A folder among these whose store cannot be read: a damaged one, or one of another version. */
export interface UnreadableStore {
  readonly folder: string;
  readonly problem: string;
}

/** What the worker answers of stores that the browser keeps. */
export type StoreCalls = {
  /** Those in `storesFolder`, the newest first, then those that cannot be read. */
  readonly stores: (argument: null) => Promise<readonly (KeptStore | UnreadableStore)[]>;
  /** All files of a folder as one .zip, in which they lie in a folder of its name. */
  readonly zip: (folder: string) => Promise<Blob>;
};

/** Answers what the page asks of the stores that the browser keeps. */
export const storeHandlers: StoreCalls = {
  async stores() {
    if (!(await isFolder(storesFolder))) return [];
    const kept: KeptStore[] = [];
    const unreadable: UnreadableStore[] = [];
    for (const name of await listFolder(storesFolder)) {
      const folder = joinPath(storesFolder, name);
      try {
        kept.push(await describeKept(folder));
      } catch (error) {
        unreadable.push({ folder, problem: (error as Error).message });
      }
    }
    return [...kept.sort((a, b) => (a.created < b.created ? 1 : -1)), ...unreadable];
  },
  zip: zipFolder,
};

async function describeKept(folder: string): Promise<KeptStore> {
  const found = await findStore(folder);
  const description = lastDescription(found);
  if (description === null) throw dataError(`Cannot read loss store "${folder}": nothing is written in it yet`);
  const { data, created, scoring } = description;
  const request = requestOf(folder, description);
  const path = data.name.slice(data.name.indexOf(':') + 1);
  return {
    folder,
    isWhole: found.begun === null,
    data: data.name,
    device: scoring.device,
    created,
    rows: rowsOf(found),
    total: totalOf(description),
    request,
    isReady: (await exists(request.model)) && (await exists(path)),
  };
}

function requestOf(folder: string, { data, model, scoring, span }: StoreDescription): ScoreRequest {
  const { name, holdout, noise, labels, vocab, tokens, imageSize, preprocessing, dataSeed, split } = data;
  const { precision, logits, layout } = scoring;
  return {
    model: model.name,
    data: { data: name, holdout, noise, labels, vocab, tokens, imageSize, preprocessing, dataSeed },
    options: {
      ...({ device: scoring.device, precision, logits, layout, split, span } as ScoreRequest['options']),
    },
    folder,
  };
}

function rowsOf({ begun, manifest, shards }: FoundStore): number {
  return begun === null ? (manifest?.count ?? 0) : shards.reduce((sum, { rows }) => sum + rows, 0);
}

function totalOf({ data: { holdout, length, dataSeed, split } }: StoreDescription): number {
  return split === 'all' ? length : splitHoldout(holdout, length, dataSeed)[split].length;
}
