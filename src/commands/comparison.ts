import { Command } from 'commander';
import type { StrategyName } from '../core/selection.ts';
import { checkTraining } from '../jobs/checkTraining.ts';
import { type CompareOptions, compare } from '../jobs/compare.ts';
import { usualSteps } from '../jobs/defaults.ts';
import { scoresOnline } from '../jobs/irreducibleSource.ts';
import { packageFile } from '../runtime/host.ts';
import { withOptions } from './options.ts';
import { runOutcome } from './runOutcome.ts';
import { dataOptions, ilOptions, openRun, trainingOptions, type WithOptional } from './runs.ts';
import { performs } from './session.ts';

type Flags = WithOptional<Omit<CompareOptions, 'strategies' | 'seeds' | 'dataSeeds' | 'targets'>> & {
  readonly strategy?: readonly StrategyName[];
  readonly target?: readonly string[];
  readonly seed: readonly number[];
  readonly dataSeed: readonly number[];
  readonly out?: string;
  readonly resume?: string;
};

/** What is taken without --data: the digits that ship with the package, with two fifths of the labels flipped. */
const sample = { data: () => `idx:${packageFile('data/mnist-sample')}`, noise: 'flip:0.4', steps: 300 };

/** Words of the two commands that train targets side by side. */
export interface ComparisonWords {
  readonly name: 'run' | 'compare';
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly strategies: readonly StrategyName[];
  readonly targets: readonly string[];
}

/** A command that trains IL models and targets, and compares strategies. */
export function comparisonCommand(words: ComparisonWords): Command {
  const command = new Command(words.name)
    .summary(words.summary)
    .description(words.description)
    .addHelpText('after', `\nExamples:\n${words.examples.map((example) => `  ${example}`).join('\n')}`);
  withOptions(command, [...dataOptions, 'dataSeeds', 'seeds', 'strategies', 'targets', 'irreducible']);
  withOptions(command, [...ilOptions, ...trainingOptions]);
  return performs<Flags>(command, async (flags, host) => {
    const online = await scoresOnline(flags.irreducible);
    const resolved = () => resolve(flags, words, command.getOptionValueSource('noise') !== 'default', online);
    const run = await openRun(command, flags, resolved, host);
    return runOutcome(await compare(run.options, run.folder, run.command, run.host), run.folder);
  });
}

function resolve(flags: Flags, words: ComparisonWords, hasNoise: boolean, online: boolean): CompareOptions {
  const { out, resume, data, test, irreducible, steps, epochs, strategy, target, seed, dataSeed, noise, ...rest } =
    flags;
  const usual = data === undefined ? sample.steps : usualSteps;
  const options: CompareOptions = {
    ...rest,
    data: data ?? sample.data(),
    test: test ?? null,
    irreducible: irreducible ?? null,
    noise: data === undefined && !hasNoise && flags.labels === null ? sample.noise : noise,
    steps: steps ?? (epochs === undefined ? usual : null),
    epochs: epochs ?? null,
    strategies: strategy ?? words.strategies,
    targets: target ?? words.targets,
    seeds: seed,
    dataSeeds: dataSeed,
  };
  checkTraining(options, options.strategies, online);
  return options;
}
