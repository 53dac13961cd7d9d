/** The element of the page that has this id. */
export function find<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** A new element with some of its properties set, and what it holds. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Moves the focus to where work goes on: from what is used up, in `from` or gone, and from nothing else. */
export function moveFocus(from: HTMLElement, to: HTMLElement): void {
  const { activeElement } = document;
  if (activeElement === document.body || from.contains(activeElement)) to.focus({ preventScroll: true });
}

/** A button that does something, and submits nothing. */
export function button(text: string, onclick: () => unknown): HTMLButtonElement {
  return make('button', { type: 'button', textContent: text, onclick });
}

/** Has the browser save a file under a name. */
export function save(file: Blob, name: string): void {
  const link = make('a', { href: URL.createObjectURL(file), download: name });
  link.click();
  // The browser has begun to read it by then, and holds on to what it reads.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
