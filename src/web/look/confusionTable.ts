import { classInWords, type NamedClass } from '../../report/auditData.ts';
import { formatCount, formatCounted, formatShare } from '../../report/format.ts';
import { make } from '../element.ts';
import { roveButtons } from '../rovingFocus.ts';
import type { Confusion } from './confusions.ts';
import type { StoreOverview } from './messages.ts';

/** Called with a pair of label and prediction to be looked at. */
export type PickPair = (label: number, predicted: number) => void;

/** Labels against predictions, where each number is a button that shows its examples and arrow keys move between them; or a list of the most frequent mistakes. */
export function confusionTable(overview: StoreOverview, pick: PickPair): HTMLElement {
  return overview.isMatrix ? matrix(overview, pick) : mistakes(overview, pick);
}

function matrix({ labels, predicted, confusions }: StoreOverview, pick: PickPair): HTMLElement {
  const counts = new Map(confusions.map((pair) => [`${pair.label} ${pair.predicted}`, pair]));
  const heads = predicted.map(({ named }) => make('th', { scope: 'col' }, classInWords(named)));
  const rows = labels.map(({ named, count }) => {
    const cells = predicted.map((other) => {
      const pair = counts.get(`${named.label} ${other.named.label}`);
      const cell = make('td');
      if (pair !== undefined) {
        const isRight = named.label === other.named.label;
        cell.className = isRight ? 'right' : 'mistake';
        cell.style.setProperty('--share', `${Math.round(45 * Math.min(1, (isRight ? 1 : 4) * (pair.count / count)))}%`);
        cell.append(pairButton(pair, named, other.named, formatCount(pair.count), pick));
      }
      return cell;
    });
    return make('tr', {}, make('th', { scope: 'row' }, classInWords(named)), ...cells);
  });
  const across = make('th', { scope: 'colgroup', colSpan: predicted.length, className: 'quiet' }, 'predicted as');
  const down = make('th', { scope: 'col', className: 'quiet' }, 'label');
  const table = make(
    'table',
    { className: 'matrix', role: 'grid', ariaLabel: 'Labels against predictions' },
    make('thead', {}, make('tr', {}, make('td'), across), make('tr', {}, down, ...heads)),
    make('tbody', {}, ...rows),
  );
  roveButtons(table);
  return make('div', { className: 'scroll' }, table);
}

function mistakes({ labels, predicted, confusions }: StoreOverview, pick: PickPair): HTMLElement {
  const names = new Map([...predicted, ...labels].map(({ named }) => [named.label, named]));
  const counts = new Map(labels.map(({ named, count }) => [named.label, count]));
  const named = (label: number): NamedClass => names.get(label) ?? { label, name: null };
  const items = confusions.map((pair) => {
    const [given, other] = [named(pair.label), named(pair.predicted)];
    const share = formatShare(pair.count / (counts.get(pair.label) ?? pair.count));
    const words = `${classInWords(given)}, predicted ${classInWords(other)}`;
    return make(
      'li',
      {},
      pairButton(pair, given, other, words, pick),
      ` ${formatCount(pair.count)} (${share} of ${classInWords(given)})`,
    );
  });
  return make('ol', { className: 'mistakes' }, ...items);
}

function pairButton(pair: Confusion, given: NamedClass, other: NamedClass, text: string, pick: PickPair): HTMLElement {
  const ariaLabel = `${formatCounted(pair.count, 'example')} labelled ${classInWords(given)}, predicted ${classInWords(other)}: show them`;
  const button = make('button', { type: 'button', ariaLabel }, text);
  button.addEventListener('click', () => pick(pair.label, pair.predicted));
  return button;
}
