import { Command } from 'commander';
import { checkTraining } from '../jobs/checkTraining.ts';
import { requireIrreducible, scoresOnline } from '../jobs/irreducibleSource.ts';
import { type TrainJobOptions, trainTarget } from '../jobs/train.ts';
import { withOptions } from './options.ts';
import { runOutcome } from './runOutcome.ts';
import { dataOptions, openRun, requireData, trainingOptions, type WithOptional } from './runs.ts';
import { performs } from './session.ts';

type Flags = WithOptional<Omit<TrainJobOptions, 'targets'>> & {
  readonly target?: readonly string[];
  readonly out?: string;
  readonly resume?: string;
};

/** `rho train`: one target. */
export function trainCommand(): Command {
  const command = new Command('train')
    .summary('train a target with selection from a loss store')
    .description(
      'Trains one target on the points that a strategy selects. --data, --noise, --holdout and --data-seed have to be those the loss store was made with.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  rho train --data idx:mnist/ --irreducible il --steps 1000\n  rho train --data idx:mnist/ --strategy uniform --epochs 2\n  rho train --data idx:mnist/ --irreducible il.onnx --steps 1000\n  rho train --resume runs/train-2026-01-31T12-00-00',
    );
  withOptions(command, [...dataOptions, 'dataSeed', 'seed', 'strategy', 'targets', 'irreducible']);
  withOptions(command, trainingOptions);
  return performs<Flags>(command, async (flags, host) => {
    const online = await scoresOnline(flags.irreducible);
    const run = await openRun(command, flags, () => resolve(flags, online), host);
    return runOutcome(await trainTarget(run.options, run.folder, run.command, run.host), run.folder);
  });
}

function resolve(flags: Flags, online: boolean): TrainJobOptions {
  const { out, resume, data, test, irreducible, target, steps, epochs, ...rest } = flags;
  const options: TrainJobOptions = {
    ...rest,
    data: requireData(data),
    test: test ?? null,
    irreducible: irreducible ?? null,
    steps: steps ?? null,
    epochs: epochs ?? null,
    targets: target ?? ['0.9'],
  };
  checkTraining(options, [options.strategy], online);
  requireIrreducible([options.strategy], options.irreducible);
  return options;
}
