import { formatCount, formatShare } from '../../report/format.ts';
import { listFolder } from '../../runtime/web/files.ts';
import { button, find, make } from '../element.ts';
import type { Jobs } from '../jobs.ts';
import type { ScoreRequest } from '../protocol.ts';
import { forPage } from '../sentence.ts';
import { storesFolder } from './storeFolder.ts';
import type { KeptStore } from './storeHandlers.ts';

/** What can be done with a store that is kept. */
export interface KeptHooks {
  readonly jobs: (needsSample: boolean) => Promise<Jobs>;
  readonly show: (folder: string) => Promise<void>;
  readonly goOn: (request: ScoreRequest, needsSample: boolean) => void;
  readonly say: (text: string) => void;
}

/** The list of stores that the browser keeps. */
export interface KeptList {
  /** Reads the list anew. */
  readonly refresh: () => Promise<void>;
  /** Shows the list where an earlier visit left something; else no worker is started for it. */
  readonly lookForEarlier: () => Promise<void>;
}

/** Stores of now and of earlier visits: to be looked at, gone on with where they were interrupted, or removed. */
export function keptList({ jobs, show, goOn, say }: KeptHooks): KeptList {
  const [block, list] = [find('kept-block'), find('kept')];

  const refresh = async () => {
    const stores = await (await jobs(false)).call('stores', null);
    block.hidden = stores.length === 0;
    list.replaceChildren(...stores.map(item));
  };

  const item = (store: KeptStore) => {
    const { folder, isWhole, data, device, rows, total, created } = store;
    const state = isWhole
      ? `${formatCount(rows)} examples`
      : `interrupted, ${formatCount(rows)} of ${formatCount(total)} examples scored (${formatShare(total > 0 ? rows / total : 0)})`;
    const words = `${forPage(data).replace(/^[a-z]+:/, '')} with ${device}: ${state}, ${created.slice(0, 10)} `;
    const name = `of ${folder.slice(storesFolder.length + 1)}`;
    const act = isWhole
      ? labelled('Look', `Look at the losses ${name}`, () => show(folder))
      : labelled('Go on', `Go on with the scoring ${name}`, () => goOnWith(store));
    const remove = labelled('Remove', `Remove the losses ${name}`, async () => {
      await (await jobs(false)).call('remove', folder).catch((error) => say(forPage((error as Error).message)));
      await refresh();
    });
    return make('li', {}, make('span', {}, words), act, remove);
  };

  const goOnWith = async ({ folder, request }: KeptStore) => {
    const needsSample = [request.model, request.data.data].some((name) => name.includes('/rho-loss/'));
    const ready = await jobs(needsSample);
    const now = (await ready.call('stores', null)).find((store) => store.folder === folder);
    if (now?.isReady) return goOn(request, needsSample);
    const [model, data] = [request.model, request.data.data].map((name) => forPage(name).replace(/^[a-z]+:/, ''));
    return say(
      `To go on, give the model (${model}) and the data (${data}) again under “Choose a model and data”: a page cannot keep files of yours over a reload. Then choose “Go on” once more.`,
    );
  };

  return {
    refresh: () => refresh().catch((error) => say(forPage((error as Error).message))),
    async lookForEarlier() {
      const names = await listFolder(storesFolder).catch(() => []);
      if (names.length > 0) await refresh().catch((error) => say(forPage((error as Error).message)));
    },
  };
}

function labelled(text: string, ariaLabel: string, act: () => void): HTMLElement {
  return Object.assign(button(text, act), { ariaLabel, className: 'small' });
}
