import { Command } from 'commander';
import { type Inspection, inspect, type ModelSummary } from '../jobs/inspect.ts';
import type { ClassifierOptions } from '../onnx/classifier.ts';
import { renderHistogram } from '../report/histogram.ts';
import { renderTable } from '../report/table.ts';
import { wantsColour } from '../runtime/terminal.ts';
import { doubtsAbout } from '../store/doubts.ts';
import { withOptions } from './options.ts';
import { performs } from './session.ts';

/** `rho inspect`: what is in a file or folder. */
export function inspectCommand(): Command {
  const command = new Command('inspect')
    .summary('what an .onnx file, a loss store or a run folder holds')
    .description(
      'Shows inputs, outputs and trainable weights of a model, counts and histogram of a loss store, or the table of a run.',
    )
    .argument('<path>', '.onnx file, loss store or run folder')
    .addHelpText('after', '\nExamples:\n  rho inspect il.onnx\n  rho inspect runs/first/il');
  withOptions(command, ['logits', 'json']);
  return performs<ClassifierOptions>(command, async ({ logits = null }, _, [path]) => {
    const inspection = await inspect(path!, { logits });
    return { json: jsonOf(inspection), text: textOf(inspection) };
  });
}

function jsonOf(inspection: Inspection): object {
  switch (inspection.kind) {
    case 'model':
      return inspection.model;
    case 'store':
      return inspection.manifest;
    case 'run':
      return inspection.report;
  }
}

function textOf(inspection: Inspection): string {
  switch (inspection.kind) {
    case 'model': {
      const { model } = inspection;
      const nodes = Object.entries(model.nodes).map(([op, count]) => `${op} ${count}`);
      return [
        `inputs      ${model.inputs.join('; ')}`,
        `outputs     ${model.outputs.join('; ')}`,
        `logits      ${model.logits ?? 'none'}`,
        `opsets      ${Object.entries(model.opsets)
          .map(([domain, version]) => `${domain || 'onnx'} ${version}`)
          .join(', ')}`,
        `parameters  ${model.parameters}`,
        `nodes       ${nodes.join(', ')}`,
        ...weightLines(model),
        `scores      ${model.unscorable === null ? 'yes' : `no: ${model.unscorable}`}`,
        `trains      ${model.untrainable === null ? 'yes' : `no: ${model.untrainable}`}`,
        ...model.notes.map((note) => `note        ${note}`),
      ].join('\n');
    }
    case 'store': {
      const { manifest, losses } = inspection;
      const { data, models, statistics, scoring, part, preprocessing } = manifest;
      const { agreement } = scoring;
      const figure = (value: number | null) => value?.toFixed(4) ?? 'unknown';
      return [
        `${manifest.count} of ${data.length} examples (${data.split}) of ${data.name}, noise ${data.noise}, ${data.labels === null ? '' : `labels ${data.labels}, `}holdout ${data.holdout}, data seed ${data.dataSeed}`,
        `data   ${data.fingerprint}`,
        ...models.map(
          ({ name, fingerprint, trainedOn }) =>
            `model  ${fingerprint} ${name}, trained on ${trainedOn?.ids.count ?? 'unknown'} examples`,
        ),
        `fed    ${data.inputs}, ${data.classes} classes, preprocessing ${JSON.stringify(preprocessing)}`,
        `scored ${scoring.precision} on ${scoring.device}, logits ${scoring.logits ?? 'unknown'}${part === null ? '' : `, part ${part.index} of ${part.of}`}${agreement === null ? '' : `, rank correlation with fp32 ${figure(agreement.spearman)}, ${Math.round(100 * agreement.topTenth)} % of the top tenth in common`}`,
        `mean loss ${figure(statistics.meanLoss)}, accuracy ${figure(statistics.accuracy)}, ${statistics.nan} not a number`,
        ...doubtsAbout(manifest),
        renderHistogram(losses),
      ].join('\n');
    }
    case 'run':
      return renderTable(inspection.report, wantsColour());
  }
}

/** The trained weights with their shapes, and the others by the reason why they are not trained. */
function weightLines({ weights }: ModelSummary): readonly string[] {
  const reasons = [...new Set(weights.map(({ frozen }) => frozen))].sort(
    (a, b) => Number(a !== null) - Number(b !== null),
  );
  return reasons.map((reason) => {
    const shown = weights
      .filter(({ frozen }) => frozen === reason)
      .map(({ name, dims }) => `${name} [${dims.join(', ')}]`);
    return reason === null ? `trainable   ${shown.join(', ')}` : `frozen      ${reason}: ${shown.join(', ')}`;
  });
}
