import { Command, Option } from 'commander';
import { checkTraining } from '../jobs/checkTraining.ts';
import { usualSteps } from '../jobs/defaults.ts';
import { exactScoring } from '../jobs/exactScoring.ts';
import { type PlanOptions, planRun } from '../jobs/plan.ts';
import { writeFileAtomic } from '../runtime/files.ts';
import { wantsColour } from '../runtime/terminal.ts';
import { withEngine } from './engine.ts';
import { withOptions } from './options.ts';
import { planFindings, renderPlan } from './planText.ts';
import { dataOptions, ilOptions, optimizationOptions, requireData, type WithOptional } from './runs.ts';
import { performs } from './session.ts';

type Flags = WithOptional<PlanOptions> & { readonly out: string | null };

/** Of a run alone: none of it is timed. */
const runOnly = { evalEvery: 20, checkpointEvery: 30 };

/** `rho plan`: what a long run will cost, and how it is best run. */
export function planCommand(): Command {
  const command = new Command('plan')
    .summary('measure for some seconds what a long run will cost, and how it is best run')
    .description(
      'Trains for about a second in each of several settings, in turns with uniform, and recommends threads, the form of scoring, reuse and staleness. ' +
        'Without --irreducible, losses of zeros stand in; nothing is written but --out.',
    )
    .addHelpText(
      'after',
      `
Measured, each on top of the best before it: exact selection, scoring in int8, reuse of earlier
losses, scores of the step before with a shortlist that is scored again, fewer threads, and
irreducible losses online, where there is no store. What the IL model takes is told from the store's
manifest and the model's il.json, or measured. All of it takes ten to twenty seconds, longer where a
step takes longer than a fifth of a second; it is said before.

The file of --out holds the options given here, but for those of the IL model, and the recommended
ones: "rho train --config" needs no others.

${planFindings.map((finding) => wrapped(finding)).join('\n\n')}

Examples:
  rho plan --data idx:mnist/ --irreducible il --steps 5000 --out plan.json
  rho train --config plan.json
  rho plan --data cifar:cifar-10/ --model cnn --irreducible il.onnx --json`,
    );
  command.addOption(
    new Option('--out <file>', 'write the recommended options as JSON, for --config of rho train and compare').default(
      null,
      'none',
    ),
  );
  withOptions(command, [...dataOptions, 'dataSeed', 'seed', 'irreducible', ...ilOptions]);
  withOptions(command, ['model', 'bigBatch', 'smallBatch', 'steps', 'epochs', ...optimizationOptions]);
  withOptions(command, ['schedule', 'warmup', 'batchNorm', 'freeze', 'engine', 'scoreEngine', 'device', 'threads']);
  withOptions(command, ['config', 'json']);
  return performs<Flags>(command, async ({ out, ...flags }, host) => {
    const options = await withEngine(command, resolve(flags), host);
    const plan = await planRun(options, host);
    if (out !== null) {
      await writeFileAtomic(out, `${JSON.stringify({ ...given(command), ...plan.config }, null, 2)}\n`);
      host.say(`Wrote ${out}; pass it to "rho train" or "rho compare" with --config ${out}`);
    }
    return { json: plan, text: renderPlan(plan, wantsColour()) };
  });
}

/** The options that were given and that `rho train` takes as well. */
function given(command: Command): object {
  const own = ['out', 'config', 'json', ...ilOptions];
  const names = command.options.map((option) => option.attributeName()).filter((name) => !own.includes(name));
  const asked = names.filter((name) => command.getOptionValueSource(name) !== 'default');
  return Object.fromEntries(
    asked.map((name) => [name, command.getOptionValue(name)]).filter(([, value]) => value !== undefined),
  );
}

function resolve(flags: Omit<Flags, 'out'>): PlanOptions {
  const { data, test, irreducible, steps, epochs, ...rest } = flags;
  const options: PlanOptions = {
    ...rest,
    ...runOnly,
    ...exactScoring,
    data: requireData(data),
    test: test ?? null,
    irreducible: irreducible ?? null,
    steps: steps ?? (epochs === undefined ? usualSteps : null),
    epochs: epochs ?? null,
  };
  checkTraining(options, ['rho'], false);
  return options;
}

/** Text in lines of at most 95 letters, as commander leaves what is added to a help text alone. */
function wrapped(text: string): string {
  return text.replace(/(.{1,95})( |$)/g, '$1\n').trimEnd();
}
