import { lossInWords } from '../../report/auditCard.ts';
import { classInWords, type NamedClass } from '../../report/auditData.ts';
import { formatShare } from '../../report/format.ts';
import { pairsHtml } from '../../report/sections.ts';
import { find, make } from '../element.ts';
import type { ExampleDetails } from './messages.ts';

/** Shows one example in full, over the page; Escape or its button closes it. */
export function showDetails({ example, picture }: ExampleDetails): void {
  const dialog = find<HTMLDialogElement>('details');
  const body = find('details-body');
  const { id, given, givenProbability, suggested, suggestedProbability, loss, margin, suspect, truth, text } = example;
  find('details-title').textContent = `Example ${id}`;
  const rows: Record<string, string> = {
    id: String(id),
    label: `${inFull(given)}, which the model gives ${formatShare(givenProbability)}`,
    ...(suggested !== null && { predicted: `${inFull(suggested)}, ${formatShare(suggestedProbability)}` }),
    ...(truth !== null && { 'right label': inFull(truth) }),
    'irreducible loss': lossInWords(loss),
    ...(margin !== null && { margin: margin.toFixed(3) }),
    ...(suspect !== null && {
      suspect: suspect ? 'yes: the model is as sure of another class as it usually is' : 'no',
    }),
  };
  body.replaceChildren();
  if (picture !== null) {
    const image = make('img', {
      src: URL.createObjectURL(picture),
      alt: `Example ${id}, labelled ${classInWords(given)}`,
    });
    image.addEventListener('load', () => URL.revokeObjectURL(image.src), { once: true });
    body.append(image);
  }
  if (text !== null) body.append(make('blockquote', {}, text));
  body.append(make('div', { innerHTML: pairsHtml(rows) }));
  dialog.showModal();
}

function inFull({ label, name }: NamedClass): string {
  return name === null ? String(label) : `${name} (${label})`;
}
