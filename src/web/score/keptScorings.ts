import { formatCount, formatShare } from '../../report/format.ts';
import { listFolder } from '../../runtime/web/files.ts';
import { find } from '../element.ts';
import type { Jobs } from '../jobs.ts';
import { type KeptEntry, type KeptList, keptList } from '../keptList.ts';
import type { ScoreRequest } from '../protocol.ts';
import { isInSample } from '../sample.ts';
import { forPage } from '../sentence.ts';
import { storesFolder } from './storeFolder.ts';
import type { KeptStore, UnreadableStore } from './storeHandlers.ts';

/** What can be done with a store that is kept. */
export interface KeptHooks {
  readonly jobs: (needsSample: boolean) => Promise<Jobs>;
  readonly show: (folder: string) => Promise<void>;
  readonly goOn: (request: ScoreRequest, needsSample: boolean) => void;
  /** Told of a store that is gone. */
  readonly removed: (folder: string) => void;
  readonly say: (text: string) => void;
}

/** The list of stores that the browser keeps. */
export interface KeptScorings extends KeptList {
  /** Shows the list where an earlier visit left something; else no worker is started for it. */
  readonly lookForEarlier: () => Promise<void>;
}

/** Stores of now and of earlier visits: to be looked at, gone on with where they were interrupted, or removed. */
export function keptScorings({ jobs, show, goOn, removed, say }: KeptHooks): KeptScorings {
  const read = async () => (await (await jobs(false)).call('stores', null)).map(entryOf);

  const entryOf = (store: KeptStore | UnreadableStore): KeptEntry => {
    const remove = async () => {
      await (await jobs(false)).call('remove', store.folder);
      removed(store.folder);
    };
    if ('problem' in store) return { text: forPage(store.problem), first: null, remove };
    const { folder, isWhole, data, device, rows, total, created } = store;
    const state = isWhole
      ? `${formatCount(rows)} examples`
      : `interrupted, ${formatCount(rows)} of ${formatCount(total)} examples scored (${formatShare(total > 0 ? rows / total : 0)})`;
    return {
      text: `${withoutFormat(data)} with ${device}: ${state}, ${created.slice(0, 10)}`,
      first: isWhole
        ? { action: 'Look', act: () => show(folder), isAlways: true }
        : { action: 'Go on', act: () => goOnWith(store) },
      remove,
    };
  };

  const goOnWith = async ({ folder, request }: KeptStore) => {
    const needsSample = isInSample(request.model, request.data.data);
    const ready = await jobs(needsSample);
    const now = (await ready.call('stores', null)).find((store) => store.folder === folder);
    if (now !== undefined && 'isReady' in now && now.isReady) return goOn(request, needsSample);
    const [model, data] = [request.model, request.data.data].map(withoutFormat);
    return say(
      `To go on, give the model (${model}) and the data (${data}) again under “Choose a model and data”: a page cannot keep files of yours over a reload. Then choose “Go on” once more.`,
    );
  };

  const kept = keptList({
    list: find('kept'),
    block: find('kept-block'),
    heading: find('kept-title'),
    read,
    say,
  });
  return {
    ...kept,
    async lookForEarlier() {
      const names = await listFolder(storesFolder).catch(() => []);
      if (names.length > 0) await kept.refresh();
    },
  };
}

function withoutFormat(name: string): string {
  return forPage(name).replace(/^[a-z]+:/, '');
}
