import { cardContent } from '../../report/auditCard.ts';
import { type AuditCard, classInWords } from '../../report/auditData.ts';
import { make } from '../element.ts';

/** Cards made in one go: more would block the page. */
const cardsATime = 24;

/** A list of examples, as in the reports, each of which opens its details. */
export async function cardList(cards: readonly AuditCard[], open: (id: number) => void): Promise<HTMLElement> {
  if (cards.length === 0) return make('p', { className: 'quiet' }, 'There are none.');
  const hasTexts = cards.some(({ text }) => text !== null);
  const list = make('ul', { className: `examples ${hasTexts ? 'texts' : 'wide'}` });
  for (let at = 0; at < cards.length; at += cardsATime) {
    list.append(...cards.slice(at, at + cardsATime).map((card) => cardItem(card, open)));
    await new Promise((resolve) => setTimeout(resolve));
  }
  return list;
}

function cardItem(card: AuditCard, open: (id: number) => void): HTMLElement {
  // Texts of the data are escaped there.
  const item = make('li', { innerHTML: cardContent(card), className: 'card' });
  const ariaLabel = `Details of example ${card.id}, labelled ${classInWords(card.given)}`;
  const button = make('button', { type: 'button', className: 'link', ariaLabel }, 'Details');
  button.addEventListener('click', () => open(card.id));
  item.append(make('br'), button);
  return item;
}
