/**
 * Makes the buttons in the cells of a table one stop of the Tab key, among which arrow keys move: left and right to the one
 * before and behind in reading order, up and down within the column, Home and End to the ends of the row, with Ctrl of the table.
 */
export function roveButtons(table: HTMLTableElement): void {
  const buttons = [...table.querySelectorAll('button')];
  let stop = buttons[0];
  for (const button of buttons) button.tabIndex = button === stop ? 0 : -1;
  table.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLButtonElement)) return;
    if (stop !== undefined) stop.tabIndex = -1;
    stop = target;
    stop.tabIndex = 0;
  });
  table.addEventListener('keydown', (event) => {
    if (stop === undefined || event.altKey || event.metaKey) return;
    const next = nextButton(buttons, stop, event);
    if (next === null) return;
    event.preventDefault();
    next?.focus();
  });
}

/** Null for a key that does not move; undefined where there is none in that direction. */
function nextButton(
  buttons: readonly HTMLButtonElement[],
  from: HTMLButtonElement,
  { key, ctrlKey }: KeyboardEvent,
): HTMLButtonElement | undefined | null {
  const at = buttons.indexOf(from);
  const column = (button: HTMLButtonElement) => button.closest('td')?.cellIndex;
  const isInColumn = (button: HTMLButtonElement) => column(button) === column(from);
  const isBeside = (button: HTMLButtonElement) => ctrlKey || button.closest('tr') === from.closest('tr');
  switch (key) {
    case 'ArrowLeft':
      return buttons[at - 1];
    case 'ArrowRight':
      return buttons[at + 1];
    case 'ArrowUp':
      return buttons.slice(0, at).findLast(isInColumn);
    case 'ArrowDown':
      return buttons.slice(at + 1).find(isInColumn);
    case 'Home':
      return buttons.find(isBeside);
    case 'End':
      return buttons.findLast(isBeside);
    default:
      return null;
  }
}
