import { button, make } from './element.ts';
import { failure } from './failure.ts';

/** A result that the browser keeps, with what can be done with it. */
export interface KeptEntry {
  readonly text: string;
  /** What its first button says, and does; null where it can only be removed. */
  readonly first: {
    readonly action: string;
    readonly act: () => unknown;
    /** Whether it can be done while a job is under way. */
    readonly isAlways?: boolean;
  } | null;
  /** Called when the user has confirmed it. */
  readonly remove: () => Promise<unknown>;
}

/** Where a list is, and what it shows. */
export interface KeptParts {
  readonly list: HTMLElement;
  /** Hidden with all that is in it while there is nothing. */
  readonly block: HTMLElement;
  /** Has the focus when an entry is gone. */
  readonly heading: HTMLElement;
  readonly read: () => Promise<readonly KeptEntry[]>;
  /** Told what went wrong. */
  readonly say: (sentence: string) => void;
}

/** A list of results of now and of earlier visits. */
export interface KeptList {
  /** Looks again what there is. */
  readonly refresh: () => Promise<void>;
  /** What may be in the way of a job is off while there is one. */
  readonly setRunning: (isRunning: boolean) => void;
}

/** Shows results that are kept: each can be looked at, gone on with, or removed. */
export function keptList({ list, block, heading, read, say }: KeptParts): KeptList {
  let isRunning = false;
  const apply = () => {
    for (const each of list.querySelectorAll('button')) each.disabled = isRunning && each.dataset.always === undefined;
  };
  const refresh = async () => {
    try {
      const entries = await read();
      block.hidden = entries.length === 0;
      list.replaceChildren(...entries.map(item));
      apply();
    } catch (error) {
      say(failure(error));
    }
  };
  const item = (entry: KeptEntry) => {
    const { text, first } = entry;
    const remove = button('Remove', async () => {
      if (!confirm(`Remove for good: ${text}?`)) return;
      await entry.remove().catch((error) => say(failure(error)));
      await refresh();
      (block.hidden ? titleOf(block) : heading).focus();
    });
    const buttons = [remove];
    if (first !== null) {
      const act = button(first.action, first.act);
      if (first.isAlways) act.dataset.always = '';
      buttons.unshift(act);
    }
    for (const each of buttons) Object.assign(each, { className: 'small', ariaLabel: `${each.textContent}: ${text}` });
    return make('li', {}, make('span', {}, text), ...buttons);
  };
  return {
    refresh,
    setRunning(now) {
      isRunning = now;
      apply();
    },
  };
}

/** The title of the section that an element is in, which can have the focus from then on. */
function titleOf(element: HTMLElement): HTMLElement {
  return Object.assign(element.closest('section')!.querySelector('h2')!, { tabIndex: -1 });
}
