import { cardContent } from './auditCard.ts';
import {
  type AuditCard,
  type AuditData,
  type AuditTruth,
  auditHeadline,
  type ClassAudit,
  classInWords,
  rankingNames,
  rankingTitles,
} from './auditData.ts';
import { escapeHtml, formatAccuracy, formatCount, formatShare, nothing } from './format.ts';
import { boxKey, figure, pageHtml, section } from './page.ts';
import { labelColours } from './palette.ts';
import { drawHistogram } from './plots.ts';
import { drawPrecision } from './precisionPlot.ts';
import { pairsHtml } from './sections.ts';
import { makePen } from './svg.ts';

const pairsPerClass = 3;
const mostSuggested = 'suggested most';

/** An audit as one HTML file: no script, no network. `cards` are the examples to look at, in their order. */
export async function renderAudit(found: AuditData, cards: readonly AuditCard[], command: string): Promise<string> {
  const pen = await makePen();
  const { truth, histogram, data, examples } = found;
  const charts = [figure('Irreducible losses', histogramKey(truth), drawHistogram(pen, histogram, 'sqrt'))];
  if (truth !== null)
    charts.unshift(figure('Wrong labels among the first', '(dashed: among all)', drawPrecision(pen, truth, examples)));
  return pageHtml({
    title: `Label audit of ${data.name}`,
    heading: `${auditHeadline(found)}.`,
    introduction: settingHtml(found),
    sections: [
      section(
        truth === null ? 'Losses' : 'What the ranking is worth',
        `${truth === null ? '' : truthHtml(truth)}<div class="charts">\n${charts.join('\n')}\n</div>`,
      ),
      section('By label', classesHtml(found)),
      section(cardsTitle(found, cards), cardsHtml(cards)),
      section('How to run this again', reproduction(found, command)),
      section('Notes and limits', notesHtml(found)),
    ],
  });
}

function settingHtml({ data, models, truth, examples, store, differing }: AuditData): string {
  const labels =
    data.labels === null ? (data.noise === 'none' ? '' : `, label noise ${data.noise}`) : `, labels of ${data.labels}`;
  const sentences = [
    `${formatCount(examples)} examples (${data.split}) of ${data.name}${labels}; ${formatCount(data.classes)} classes.`,
    `Losses of ${models.join(', ')}, from ${store}.`,
  ];
  if (differing !== null) sentences.push(`${formatShare(differing / examples)} are predicted otherwise than labelled.`);
  if (truth !== null)
    sentences.push(`In truth ${formatCount(truth.wrong)} labels are wrong (${formatShare(truth.wrong / examples)}).`);
  return `<p class="quiet">${escapeHtml(sentences.join(' '))}</p>`;
}

function histogramKey(truth: AuditTruth | null): string {
  const axis = '(√ axis)';
  if (truth === null) return axis;
  return `${boxKey(labelColours.clean, 'label&nbsp;right')}, ${boxKey(labelColours.corrupted, 'label&nbsp;wrong')} ${axis}`;
}

function truthHtml({ counts, rankings }: AuditTruth): string {
  const rows = rankingNames.flatMap((name) => {
    const quality = rankings[name];
    if (quality === null) return [];
    return [[rankingTitles[name], formatAccuracy(quality.auroc), ...quality.precision.map(formatShare)]];
  });
  const heads = ['ranked by', 'AUROC', ...counts.map((count) => `first ${formatCount(count)}`)];
  return `${tableHtml('Rankings against the truth', heads, rows)}
<p class="quiet small">AUROC: the chance that a wrong label ranks above a right one. Then the share of wrong labels among the first. Plain confidence, the baseline, puts the least sure predictions first and does not look at the label.</p>
`;
}

function classesHtml({ classes, truth, suspects }: AuditData): string {
  const rows = classes.map((one) => [
    classInWords(one.given),
    formatCount(one.examples),
    formatCount(one.suspects),
    one.suspects === null ? nothing : formatShare(one.suspects / one.examples),
    ...(truth === null ? [] : [formatShare((one.wrong ?? 0) / one.examples)]),
    confusionsOf(one),
  ]);
  const heads = ['label', 'examples', 'suspects', 'share', ...(truth === null ? [] : ['wrong']), mostSuggested];
  const rule =
    suspects === null
      ? 'No prediction is known, so no label can be called suspect.'
      : 'A label is suspect where the model predicts another class, at least as surely as it predicts that class, on average, where that is the label.';
  return `<p>${rule}</p>\n${tableHtml('Suspects by label', heads, rows)}`;
}

function confusionsOf({ confusions }: ClassAudit): string {
  const pairs = confusions.slice(0, pairsPerClass);
  return (
    pairs.map(({ suggested, count }) => `${classInWords(suggested)} (${formatCount(count)})`).join(', ') || nothing
  );
}

/** A table whose first column names its rows; the one under `suggested most` holds words. */
function tableHtml(name: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const kind = (at: number): string =>
    at === 0 ? ' class="name"' : heads[at] === mostSuggested ? ' class="words"' : '';
  const head = heads.map((text, at) => `<th scope="col"${kind(at)}>${escapeHtml(text)}</th>`);
  const body = rows.map(([first = '', ...rest]) => {
    const cells = rest.map((text, at) => `<td${kind(at + 1)}>${escapeHtml(text)}</td>`);
    return `<tr><th scope="row" class="name">${escapeHtml(first)}</th>${cells.join('')}</tr>`;
  });
  return `<div class="scroll" role="region" aria-label="${escapeHtml(name)}" tabindex="0">
<table class="comparison plain">
<thead><tr>${head.join('')}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>
</div>`;
}

function cardsTitle({ only, examples }: AuditData, cards: readonly AuditCard[]): string {
  if (only !== null) return `The highest losses of examples labelled ${classInWords(only)}`;
  return cards.length === examples
    ? 'All examples, highest loss first'
    : `The ${formatCount(cards.length)} highest losses`;
}

function cardsHtml(cards: readonly AuditCard[]): string {
  if (cards.length === 0) return '<p>There are none.</p>';
  const pictures = cards.some(({ picture }) => picture !== null);
  return `<ul class="examples ${pictures ? 'wide' : 'texts'}">\n${cards.map((card) => `<li>${cardContent(card)}</li>`).join('\n')}\n</ul>`;
}

function reproduction({ versions, created, data }: AuditData, command: string): string {
  return `<pre tabindex="0" aria-label="Command"><code>${escapeHtml(command)}</code></pre>
<details><summary>Versions</summary>
${pairsHtml({ ...versions, data: data.fingerprint, made: created })}
</details>`;
}

function notesHtml({ nan, notes }: AuditData): string {
  const all = [
    'A high loss is a reason to look, no proof: rare and hard examples with the right label have one too. The suggestion is what the model predicts, and it errs as well.',
    'A loss tells of a label what the model could not learn from other examples: it counts only where the model was not trained on this one.',
    ...(nan > 0 ? [`${formatCount(nan)} examples are left out, their loss is not a number.`] : []),
    ...notes,
  ];
  return `<ul class="notes">\n${all.map((note) => `<li>${escapeHtml(note)}</li>`).join('\n')}\n</ul>`;
}
