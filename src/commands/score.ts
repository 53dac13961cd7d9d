import { Command, Option } from 'commander';
import { usageError } from '../core/errors.ts';
import { type DataOptions, openExperiment } from '../jobs/experiment.ts';
import { readIlCard, requireCardFits } from '../jobs/ilCard.ts';
import { readScoredModel } from '../jobs/model.ts';
import { requireUnused } from '../jobs/runFolder.ts';
import { type ScoreOptions, scoreSplits, scoreToStore } from '../jobs/score.ts';
import { oneOf, withOptions } from './options.ts';
import { dataOptions, requireData, type WithOptional } from './runs.ts';
import { performs } from './session.ts';

type Flags = WithOptional<DataOptions> &
  ScoreOptions & { readonly data?: string; readonly model?: string; readonly out?: string };

/** `rho score`: irreducible losses, once. */
export function scoreCommand(): Command {
  const command = new Command('score')
    .summary('compute irreducible losses into a loss store')
    .description(
      'Scores the examples of a split with an ONNX classifier in eval mode, and writes a loss store (docs/formats.md).',
    )
    .addHelpText('after', '\nExamples:\n  rho score --model il-mnist/il.onnx --data idx:mnist/ --out il-mnist/il');
  command.addOption(new Option('--model <file>', 'IL model, an .onnx file'));
  command.addOption(
    new Option('--split <name>', `what is scored: ${scoreSplits.join(', ')}`)
      .argParser(oneOf(scoreSplits))
      .default('target'),
  );
  withOptions(command, [
    ...dataOptions,
    'dataSeed',
    'logits',
    'layout',
    'device',
    'threads',
    'outFolder',
    'config',
    'json',
  ]);
  return performs<Flags>(command, async (flags, host) => {
    const { model: path, out: folder } = flags;
    if (path === undefined) throw usageError('Cannot score without a model: pass --model FILE.onnx');
    if (folder === undefined) throw usageError('Cannot write the loss store: pass --out DIR');
    await requireUnused(folder);
    const model = await readScoredModel(path);
    const experiment = await openExperiment({ ...flags, data: requireData(flags.data), test: flags.test ?? null });
    const card = await readIlCard(path, model.bytes);
    requireCardFits(card, experiment.data, path);
    const { manifest, seconds } = await scoreToStore(experiment, model, card, flags, folder, host);
    const { meanLoss, accuracy, nan } = manifest.statistics;
    return {
      json: {
        folder,
        seconds,
        count: manifest.count,
        statistics: manifest.statistics,
        data: manifest.data,
        models: manifest.models,
      },
      text: `${folder}: ${manifest.count} examples in ${seconds.toFixed(1)} s, mean loss ${meanLoss?.toFixed(4)}, accuracy ${accuracy?.toFixed(4)} (labels as given), ${nan} not a number`,
    };
  });
}
