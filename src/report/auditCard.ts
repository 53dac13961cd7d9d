import { type AuditCard, classInWords, type NamedClass } from './auditData.ts';
import { escapeHtml, formatLoss, formatShare } from './format.ts';
import { boxKey } from './page.ts';
import { labelColours } from './palette.ts';
import { textHtml } from './sections.ts';

/** What is said of an example of a ranking, as HTML: its picture or text, the truth where it is known, labels and loss. */
export function cardContent(card: AuditCard): string {
  const { id, given, suggested, truth, picture, loss } = card;
  const lines = [`labelled <b>${escapeHtml(classInWords(given))}</b> ${quiet(formatShare(card.givenProbability))}`];
  if (suggested !== null)
    lines.push(
      suggested.label === given.label
        ? 'suggested: the same'
        : `suggested <b>${escapeHtml(classInWords(suggested))}</b> ${quiet(formatShare(card.suggestedProbability))}`,
    );
  lines.push(quiet(`loss ${lossInWords(loss)}, id ${id}`));
  const image =
    picture === null ? '' : `<img src="${picture}" alt="Example ${id}, labelled ${escapeHtml(classInWords(given))}">`;
  return `${image}${textHtml(card.text)}${verdictHtml(given, truth)}${lines.join('<br>')}`;
}

/** A loss as `formatLoss` has it, or the sign of infinity. */
export function lossInWords(loss: number): string {
  return Number.isFinite(loss) ? formatLoss(loss) : '∞';
}

function verdictHtml(given: NamedClass, truth: NamedClass | null): string {
  if (truth === null) return '';
  const verdict =
    truth.label === given.label
      ? boxKey(labelColours.clean, 'label right')
      : boxKey(labelColours.corrupted, `truly ${escapeHtml(classInWords(truth))}`);
  return `<span class="verdict">${verdict}</span>`;
}

function quiet(text: string): string {
  return `<span class="quiet">${text}</span>`;
}
