import { accuracyAfter, type Cell, type Column, comparisonColumns } from './columns.ts';
import { escapeHtml, formatAccuracy, formatCount, formatLoss, formatSeconds, formatShare, isNumber } from './format.ts';
import type { History } from './history.ts';
import { imageUrl } from './images.ts';
import type { Colours } from './plots.ts';
import { type HardExample, lastStepOf, type ReportData, seedsOf } from './reportData.ts';

/** What the runs were made on, in one paragraph of HTML. */
export function settingHtml({ data, il }: ReportData): string {
  const noise = isNumber(data.noiseRate)
    ? data.noiseRate > 0
      ? `${formatShare(data.noiseRate)} of the labels wrong (${data.noise})`
      : 'no label noise'
    : data.noise === 'none'
      ? 'the true labels not known'
      : `noise ${data.noise}`;
  const sizes = `${formatCount(data.target)} examples to select from, ${formatCount(data.holdout)} holdout, ${formatCount(data.test)} test`;
  const sentences = [`${data.name}: ${sizes}; ${data.classes} classes; ${noise}.`];
  if (il) {
    const cost = `${formatSeconds(il.seconds)} of training and ${formatSeconds(il.scoringSeconds)} of scoring`;
    sentences.push(
      `Irreducible losses: ${il.model}, ${formatCount(il.parameters)} parameters, best of ${Number(il.epochs.toFixed(2))} epochs with loss ${formatLoss(il.bestLoss)} and accuracy ${formatAccuracy(il.accuracy)}, ${cost}.`,
    );
  }
  return `<p class="quiet">${escapeHtml(sentences.join(' '))}</p>`;
}

/** The comparison as HTML tables that scroll sideways on a narrow screen: accuracy after equal seconds has one of its own. */
export function tableHtml(data: ReportData, colours: Colours): string {
  const columns = comparisonColumns(data);
  const timed = columns.filter(({ group }) => group === accuracyAfter);
  const others = columns.filter(({ group }) => group !== accuracyAfter);
  const table = (label: string, some: readonly Column[]): string => columnsHtml(label, data, some, colours);
  return [
    table('Comparison of strategies', others),
    ...(timed.length > 0 ? [table('Accuracy after equal seconds of training', timed)] : []),
    `<p class="quiet small">${escapeHtml(tableNotes(data, columns))}</p>`,
  ].join('\n');
}

function columnsHtml(label: string, data: ReportData, columns: readonly Column[], colours: Colours): string {
  const opens = columns.map((column, index) => column.group !== columns[index - 1]?.group);
  const groups = columns.filter((_, index) => opens[index]);
  const span = (group: string): number => columns.filter((column) => column.group === group).length;
  const mark = (index: number, cell?: Cell): string => {
    const names = [opens[index] ? 'first' : '', cell?.best ? 'best' : ''].filter((name) => name !== '');
    return names.length > 0 ? ` class="${names.join(' ')}"` : '';
  };
  const top = groups.map(
    ({ group }) => `<th scope="colgroup" colspan="${span(group)}" class="first group">${escapeHtml(group)}</th>`,
  );
  const heads = columns.map(({ header }, index) => `<th scope="col"${mark(index)}>${escapeHtml(header)}</th>`);
  const rows = Object.keys(data.strategies).map((name, row) => {
    const cells = columns.map(({ cells }, index) => `<td${mark(index, cells[row])}>${cellHtml(cells[row]!)}</td>`);
    const swatch = `<span class="swatch" style="background: ${colours[name]}"></span>`;
    return `<tr><th scope="row" class="name">${swatch}${escapeHtml(name)}</th>${cells.join('')}</tr>`;
  });
  return `<div class="scroll" role="region" aria-label="${escapeHtml(label)}" tabindex="0">
<table class="comparison">
<thead>
<tr><th rowspan="2" scope="col" class="name">strategy</th>${top.join('')}</tr>
<tr>${heads.join('')}</tr>
</thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>`;
}

function cellHtml({ text, spread, partly }: Cell): string {
  const below = spread ? `± ${spread}` : partly;
  return escapeHtml(text) + (below ? `<small>${escapeHtml(below)}</small>` : '');
}

function tableNotes(data: ReportData, columns: readonly Column[]): string {
  const seeds = seedsOf(data);
  const texts = ['Steps and time until the test accuracy was first reached.'];
  if (columns.some(({ cells }) => cells.some(({ text }) => text === '—'))) {
    texts.push(
      `A dash: not reached in ${formatCount(lastStepOf(data))} steps${seeds.length > 1 ? ' by every seed' : ''}.`,
    );
  }
  if (columns.some(({ group }) => group === accuracyAfter))
    texts.push('Accuracy after some seconds of training is that of the last evaluation by then.');
  texts.push('“last 5” is the mean of the last five evaluations.');
  if (columns.some(({ group }) => group === 'corrupted')) {
    texts.push(
      '“corrupted” (wrong label) and “learnt” (already predicted as labelled) are shares of the selected examples, in the first steps and in all.',
    );
  } else {
    texts.push(
      '“learnt” (already predicted as labelled) is a share of the selected examples, in the first steps and in all.',
    );
  }
  if (seeds.length > 1) texts.push(`Means over seeds ${seeds.join(', ')}; ± is the standard deviation.`);
  return texts.join(' ');
}

/** The accuracies behind the charts, for readers who want digits or cannot see the lines. */
export function numbersHtml(all: readonly History[]): string {
  const steps = [...new Set(all.flatMap(({ mean }) => mean.map((event) => event.step)))].sort((a, b) => a - b);
  const accuracy = ({ mean }: History, step: number): string =>
    formatAccuracy(mean.find((event) => event.step === step)?.accuracy ?? null);
  const rows = steps.map((step) => {
    const cells = all.map((history) => `<td>${accuracy(history, step)}</td>`);
    return `<tr><th scope="row">${step}</th>${cells.join('')}</tr>`;
  });
  const heads = ['step', ...all.map(({ strategy }) => strategy)].map(
    (name) => `<th scope="col">${escapeHtml(name)}</th>`,
  );
  return `<details><summary>Accuracy by step in numbers</summary>
<div class="scroll"><table class="numbers small"><thead><tr>${heads.join('')}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div></details>`;
}

/** The examples with the highest irreducible loss: pictures or texts beside their labels and the prediction. */
export function examplesHtml(examples: readonly HardExample[]): string {
  const pictures = examples.some(({ image }) => image !== null);
  const items = examples.map((example) => {
    const wrong = example.trueLabel !== null && example.trueLabel !== example.label;
    const truth =
      example.trueLabel === null ? '' : `<br>${wrong ? '<b>' : ''}truly ${example.trueLabel}${wrong ? '</b>' : ''}`;
    return `<li>${imageHtml(example)}${textHtml(example.text)}labelled ${example.label}${truth}<br>predicted ${example.predicted}<br><span class="quiet">loss ${formatLoss(example.loss)}, id ${example.id}</span></li>`;
  });
  return `<ul class="examples${pictures ? '' : ' texts'}">\n${items.join('\n')}\n</ul>`;
}

function imageHtml({ image, id, label }: HardExample): string {
  return image ? `<img src="${imageUrl(image)}" alt="Example ${id}, labelled ${label}">` : '';
}

/** A sentence of the data, cut where it is long. */
export function textHtml(text: string | null): string {
  if (text === null) return '';
  return `<blockquote>${escapeHtml(text.length > 300 ? `${text.slice(0, 300)}…` : text)}</blockquote>`;
}

/** Rows of names and values, those without a value left out; nested settings are named `outer.inner`. */
export function pairsHtml(values: Readonly<Record<string, unknown>>): string {
  const rows = flatten(values, '').map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<table class="pairs small"><tbody>\n${rows.join('\n')}\n</tbody></table>`;
}

function flatten(values: Readonly<Record<string, unknown>>, prefix: string): [string, string][] {
  return Object.entries(values).flatMap(([key, value]): [string, string][] => {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value) && value.length === 0) return [];
    if (typeof value === 'object' && !Array.isArray(value)) {
      return flatten(value as Record<string, unknown>, `${prefix}${key}.`);
    }
    return [[prefix + key, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

/** What the figures mean and what they do not say, then the notes of the run. */
export function notesHtml(data: ReportData): string {
  const every = evaluationInterval(data);
  const last = data.runs[0]?.evaluations.at(-1);
  const notes = [
    'Seconds are wall-clock time on the machine of these runs, from the first step, without evaluation and checkpoints. The irreducible losses are counted apart. Other machines give other ratios.',
    ...(every ? [`Steps and seconds to a target are known to the nearest evaluation, every ${every} steps.`] : []),
    ...(last && last.epochs > 0
      ? [`A pass over the candidates takes ${formatCount(last.step / last.epochs)} steps.`]
      : []),
    'Shares and losses drawn at a step cover the steps since the evaluation before.',
    ...data.notes,
  ];
  return `<ul class="notes">\n${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('\n')}\n</ul>`;
}

function evaluationInterval({ runs }: ReportData): number | null {
  const steps = runs[0]?.evaluations.map(({ step }) => step) ?? [];
  return steps.length > 1 ? steps[1]! - steps[0]! : null;
}
