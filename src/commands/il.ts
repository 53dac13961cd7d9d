import { Command } from 'commander';
import { usageError } from '../core/errors.ts';
import { type DataOptions, openExperiment } from '../jobs/experiment.ts';
import { type IlOptions, trainIlModel } from '../jobs/il.ts';
import { requireUnused } from '../jobs/runFolder.ts';
import { joinPath } from '../runtime/files.ts';
import { withEngine } from './engine.ts';
import { withOptions } from './options.ts';
import { dataOptions, ilOptions, optimizationOptions, requireData, type WithOptional } from './runs.ts';
import { performs } from './session.ts';

type Flags = WithOptional<DataOptions> & IlOptions & { readonly out?: string };

/** `rho il`: the IL model alone. */
export function ilCommand(): Command {
  const command = new Command('il')
    .summary('train an IL model on the holdout')
    .description(
      'Trains an irreducible-loss model on the holdout, keeps the weights with the lowest mean loss on the target half, and writes il.onnx with its card il.json.',
    )
    .addHelpText('after', '\nExamples:\n  rho il --data idx:mnist/ --il-model mlp:64 --out il-mnist');
  withOptions(command, [...dataOptions, 'dataSeed', 'seed', ...ilOptions]);
  withOptions(command, optimizationOptions);
  withOptions(command, ['engine', 'scoreEngine', 'device', 'threads', 'outFolder', 'config', 'json']);
  return performs<Flags>(command, async (flags, host) => {
    const { out: folder, ...unresolved } = flags;
    if (folder === undefined) throw usageError('Cannot write the IL model: pass --out DIR');
    await requireUnused(folder);
    const options = await withEngine(command, unresolved, host);
    const experiment = await openExperiment({
      ...options,
      data: requireData(options.data),
      test: options.test ?? null,
    });
    const { card } = await trainIlModel(experiment, options, folder, host);
    const { best, model } = card;
    return {
      json: card,
      text: `${joinPath(folder, 'il.onnx')}: ${model.architecture}, ${model.parameters} parameters, mean loss ${best.loss.toFixed(4)} and accuracy ${best.accuracy.toFixed(4)} on the target half (labels as given)`,
    };
  });
}
