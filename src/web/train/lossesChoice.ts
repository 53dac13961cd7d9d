import { formatCount } from '../../report/format.ts';
import { nameOf } from '../choose/paths.ts';
import { make } from '../element.ts';
import { storesFolder } from '../score/storeFolder.ts';
import type { KeptStore } from '../score/storeHandlers.ts';
import { whenInWords } from '../whenInWords.ts';

/** The list of irreducible losses that a training can take. */
export interface LossesChoice {
  readonly element: HTMLSelectElement;
  /** The store that is chosen; null where an IL model is trained. */
  readonly chosen: () => KeptStore | null;
  /** Offers those of `stores` that are of these data: kept ones by their name, and all that were given. */
  readonly offer: (stores: readonly KeptStore[], data: string) => void;
}

/** Makes the list, in which an IL model is trained until another is chosen. */
export function lossesChoice(): LossesChoice {
  const element = make('select');
  let offered: readonly KeptStore[] = [];
  const choice: LossesChoice = {
    element,
    chosen: () => offered.find(({ folder }) => folder === element.value) ?? null,
    offer(stores, data) {
      const { value } = element;
      offered = stores.filter((store) => store.data === data || !store.folder.startsWith(`${storesFolder}/`));
      const options = offered.map((store) => make('option', { value: store.folder, textContent: textOf(store) }));
      element.replaceChildren(make('option', { value: '', textContent: 'train a model for them first' }), ...options);
      element.value = offered.some(({ folder }) => folder === value) ? value : '';
    },
  };
  choice.offer([], '');
  return choice;
}

function textOf({ folder, rows, created, request }: KeptStore): string {
  const isKept = folder.startsWith(`${storesFolder}/`);
  const whose = isKept ? `scored here by ${nameOf(request.model)}` : `${nameOf(folder)}, given`;
  return `${whose}: ${formatCount(rows)} examples, ${whenInWords(new Date(created))}`;
}
