import { cardContent } from '../../report/auditCard.ts';
import { type AuditCard, classInWords } from '../../report/auditData.ts';
import { make } from '../element.ts';

/** A list of examples, as in the reports, each of which opens its details. */
export function cardList(cards: readonly AuditCard[], open: (id: number) => void): HTMLElement {
  if (cards.length === 0) return make('p', { className: 'quiet' }, 'There are none.');
  const hasTexts = cards.some(({ text }) => text !== null);
  const items = cards.map((card) => {
    // Texts of the data are escaped there.
    const item = make('li', { innerHTML: cardContent(card), className: 'card' });
    const ariaLabel = `Details of example ${card.id}, labelled ${classInWords(card.given)}`;
    const button = make('button', { type: 'button', className: 'link', ariaLabel }, 'Details');
    button.addEventListener('click', () => open(card.id));
    item.append(make('br'), button);
    return item;
  });
  return make('ul', { className: `examples ${hasTexts ? 'texts' : 'wide'}` }, ...items);
}
