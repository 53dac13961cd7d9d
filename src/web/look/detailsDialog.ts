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
    ...(margin !== null && { margin: `${margin.toFixed(3)}: probability of the label less the highest other one` }),
    ...(suspect !== null && { suspect: suspicion(suspect, given, suggested) }),
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

function suspicion(suspect: boolean, given: NamedClass, suggested: NamedClass | null): string {
  if (suggested === null || suggested.label === given.label) return 'no: predicted as labelled';
  const its = classInWords(suggested);
  return suspect
    ? `yes: the model is at least as sure of ${its} here as it is, on average, where the label is ${its}`
    : `no: the model is less sure of ${its} here than it is, on average, where the label is ${its}`;
}

function inFull({ label, name }: NamedClass): string {
  return name === null ? String(label) : `${name} (${label})`;
}
