import { escapeHtml, formatShare } from './format.ts';
import { headline } from './headline.ts';
import { type History, histories } from './history.ts';
import { ledgerHtml } from './ledgerSection.ts';
import { boxKey, figure, pageHtml, section } from './page.ts';
import { labelColours, strategyColours } from './palette.ts';
import {
  accuracyChart,
  type Colours,
  type CurveChart,
  corruptedChart,
  drawCurves,
  drawHistogram,
  drawLosses,
  learntChart,
  lossDomain,
} from './plots.ts';
import { type ReportData, targetsOf } from './reportData.ts';
import { examplesHtml, notesHtml, numbersHtml, pairsHtml, settingHtml, tableHtml } from './sections.ts';
import { makePen, type Pen } from './svg.ts';

/**
 * The report as one HTML file: no script, no network, charts as SVG and pictures as data addresses. The same data gives
 * the same bytes.
 */
export async function renderHtml(data: ReportData): Promise<string> {
  const pen = await makePen();
  const colours = strategyColours(Object.keys(data.strategies));
  const all = histories(data);
  const { finding, remarks } = headline(data);
  const sections = [
    section(Object.keys(data.strategies).length > 1 ? 'Comparison' : 'Result', tableHtml(data, colours)),
    ...(all.length > 0 ? [accuracySection(pen, data, all, colours)] : []),
    section('What selection costs', ledgerHtml(pen, data.ledger ?? {})),
    ...(all.length > 0 ? [selectionSection(pen, data, all, colours)] : []),
    lossSection(pen, all, colours),
    irreducibleSection(pen, data),
    section('How to run this again', reproduction(data)),
    section('Notes and limits', notesHtml(data)),
  ];
  return pageHtml({
    title: data.title,
    heading: finding,
    introduction: `${remarks.length > 0 ? `<p>${escapeHtml(remarks.join(' '))}</p>` : ''}\n${settingHtml(data)}`,
    sections,
  });
}

function accuracySection(pen: Pen, data: ReportData, all: readonly History[], colours: Colours): string {
  const targets = targetsOf(data);
  const draw = (chart: CurveChart): string => drawCurves(pen, all, colours, chart);
  const seeds = all.some(({ runs }) => runs.length > 1)
    ? ' Strong lines are means over seeds, thin lines single seeds.'
    : '';
  const dashed = targets.length > 0 ? ` Dashed: the target accuracies ${targets.join(', ')}.` : '';
  return section(
    'Test accuracy',
    `<p>What a step is worth, and what a second is worth: scoring the candidates makes a step take longer.${seeds}${dashed}</p>
<div class="charts">
${figure('Against steps', '', draw(accuracyChart('step', targets)))}
${figure('Against time', '(training only)', draw(accuracyChart('seconds', targets)))}
</div>
${numbersHtml(all)}`,
  );
}

function selectionSection(pen: Pen, data: ReportData, all: readonly History[], colours: Colours): string {
  const figures: string[] = [];
  const has = (chart: CurveChart): boolean => all.some(({ mean }) => mean.some((event) => chart.value(event) !== null));
  const corrupted = corruptedChart(data.data.noiseRate);
  const learnt = learntChart();
  const truth = has(corrupted);
  const rate = corrupted.references[0];
  const dashed = rate === undefined ? '' : `(dashed: among all candidates, ${formatShare(rate)})`;
  if (truth) figures.push(figure('With a wrong label', dashed, drawCurves(pen, all, colours, corrupted)));
  if (has(learnt))
    figures.push(figure('Already learnt', '(predicted as labelled)', drawCurves(pen, all, colours, learnt)));
  if (figures.length === 0) return '';
  const words = truth
    ? 'A good selection takes few examples with a wrong label and few that the target already gets right. One without the other is not enough: wrong labels are the last to be learnt.'
    : 'A good selection takes few examples that the target already gets right. How many had a wrong label is not known: the true labels of this data are not.';
  return section('What was selected', `<p>${words}</p>\n<div class="charts">\n${figures.join('\n')}\n</div>`);
}

function lossSection(pen: Pen, all: readonly History[], colours: Colours): string {
  const known = all.filter(({ mean }) => mean.some((event) => event.selectedLoss !== null));
  if (known.length === 0) return '';
  const domain = lossDomain(known);
  const figures = known.map((history) => {
    const scored = history.mean.some((event) => event.otherLoss !== null);
    const hint = scored ? '' : '(selected only)';
    return figure(history.strategy, hint, drawLosses(pen, history, colours[history.strategy]!, domain));
  });
  const key = '<span class="key"></span>selected, <span class="key dashed"></span>passed over';
  return section(
    'Losses of selected and passed-over candidates',
    `<p>Training loss before the step: median and middle half, on a logarithmic axis. ${key}. A strategy that does not score its candidates has no losses for those it passes over.</p>
<div class="charts small">
${figures.join('\n')}
</div>`,
  );
}

function irreducibleSection(pen: Pen, { irreducible }: ReportData): string {
  if (!irreducible) return '';
  const { histogram, hardest } = irreducible;
  const key =
    histogram.clean && histogram.corrupted
      ? ` ${boxKey(labelColours.clean, 'label right')}, ${boxKey(labelColours.corrupted, 'label wrong')}.`
      : '';
  const words = `The loss of the model that saw only the holdout. What it cannot predict, the target should not chase: outliers and wrong labels.${key}`;
  const examples = hardest.length > 0 ? `<h3>The highest irreducible losses</h3>\n${examplesHtml(hardest)}` : '';
  return section(
    'Irreducible losses',
    `<p>${words}</p>\n<div class="single">${drawHistogram(pen, histogram)}</div>\n${examples}`,
  );
}

function reproduction({ command, config, versions, created }: ReportData): string {
  return `<pre tabindex="0" aria-label="Command"><code>${escapeHtml(command)}</code></pre>
<details><summary>Configuration</summary>
${pairsHtml(config)}
</details>
<details><summary>Versions</summary>
${pairsHtml({ ...versions, 'run ended': created })}
</details>`;
}
