import { formatCount } from '../../report/format.ts';
import { make } from '../element.ts';
import type { TargetRun } from '../run/targetRun.ts';
import type { ShownExample } from './shownExample.ts';

/** The points that a strategy selected in a step. */
export interface SelectedPanel {
  readonly element: HTMLElement;
  show(target: TargetRun, examples: readonly ShownExample[]): void;
}

/** Of a small batch that is larger, the best of these are shown. */
export const mostShown = 32;

interface Tile {
  readonly element: HTMLElement;
  readonly image: HTMLImageElement;
  readonly text: HTMLElement;
  readonly label: HTMLElement;
}

/** Makes the panel of a strategy, with nothing in it yet. Its elements are used again, for they change several times a second. */
export function selectedPanel(strategy: string, colour: string): SelectedPanel {
  const swatch = make('span', { className: 'swatch' });
  swatch.style.background = colour;
  const title = make('h4', {}, swatch, `Selected by ${strategy}`);
  const said = make('p', { className: 'quiet' });
  const list = make('ul', { className: 'selected' });
  const tiles: Tile[] = [];
  const tileAt = (index: number) => {
    tiles[index] ??= newTile();
    return tiles[index];
  };
  return {
    element: make('div', { className: 'selected-panel' }, title, said, list),
    show({ lastStep }, examples) {
      if (lastStep === null) return;
      const { step, ids, corrupted, learnt } = lastStep;
      const wrong = corrupted === null ? '' : `${corrupted} with a wrong label (✗), `;
      const rest = ids.length > examples.length ? `; the first ${examples.length} are shown` : '';
      said.textContent = `Step ${formatCount(step)}: ${ids.length} points, ${wrong}${learnt} already predicted as labelled${rest}`;
      const shown = examples.map((example, index) => filled(tileAt(index), example));
      list.classList.toggle(
        'texts',
        examples.some(({ text }) => text !== null),
      );
      if (list.childElementCount !== shown.length) list.replaceChildren(...shown);
    },
  };
}

function newTile(): Tile {
  const image = make('img', { decoding: 'async' });
  const text = make('span', { className: 'text' });
  const label = make('span', { className: 'label' });
  return { element: make('li', {}, image, text, label), image, text, label };
}

function filled({ element, image, text, label }: Tile, example: ShownExample): HTMLElement {
  const isWrong = example.trueLabel !== null && example.trueLabel !== example.label;
  element.classList.toggle('wrong', isWrong);
  element.title = isWrong ? `labelled ${example.label}, truly ${example.trueLabel}` : `labelled ${example.label}`;
  image.hidden = example.image === null;
  image.alt = `Example ${example.id}`;
  if (example.image !== null) image.src = example.image;
  text.textContent = example.text ?? (example.image === null ? `id ${example.id}` : '');
  // A sign as well as a colour: not everybody tells colours apart.
  label.textContent = isWrong ? `✗ ${example.label}` : example.label;
  label.ariaLabel = element.title;
  return element;
}
