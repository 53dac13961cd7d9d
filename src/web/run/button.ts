import { make } from '../element.ts';

/** A button that does something, and submits nothing. */
export function button(text: string, onclick: () => unknown): HTMLButtonElement {
  return make('button', { type: 'button', textContent: text, onclick });
}
