import { Command, Option } from 'commander';
import { usageError } from '../core/errors.ts';
import { type DataOptions, openToScore } from '../jobs/experiment.ts';
import { type GivenLosses, storeGivenLosses } from '../jobs/givenLosses.ts';
import { type ScoreOptions, type ScoreResult, scoreSplits } from '../jobs/score.ts';
import { scoreModelFile } from '../jobs/scoreModel.ts';
import { environmentVariable } from '../runtime/host.ts';
import { parsePart } from '../store/planShards.ts';
import { oneOf, wholeNumber, withOptions } from './options.ts';
import { dataOptions, requireData, type WithOptional } from './runs.ts';
import { type Outcome, performs } from './session.ts';

type Flags = WithOptional<DataOptions> &
  Omit<ScoreOptions, 'part' | 'span'> & {
    readonly data?: string;
    readonly model?: string;
    readonly out?: string;
    readonly losses?: string;
    readonly probabilities?: string;
    readonly shard: string | null;
    readonly shardRows: number | null;
  };

/** `rho score`: irreducible losses, once. */
export function scoreCommand(): Command {
  const command = new Command('score')
    .summary('compute irreducible losses into a loss store')
    .description(
      'Scores the examples of a split with an ONNX classifier in eval mode, and writes a loss store (docs/formats.md). ' +
        'The same command again goes on after an interruption, and mends what is damaged.',
    )
    .addHelpText(
      'after',
      `
Examples:
  rho score --model il-mnist/il.onnx --data idx:mnist/ --out il-mnist/il
  rho score --model il.onnx --data parquet:big/ --shard 3/8 --out part-3     # on one of eight machines; then: rho merge
  rho score --model il.onnx --data parquet:big/ --holdout none --append --out il   # examples were added at the end`,
    );
  command.addOption(new Option('--model <file>', 'IL model, an .onnx file'));
  command.addOption(new Option('--losses <file>', 'instead of a model: losses by id, .npy, .csv or .parquet'));
  command.addOption(new Option('--probabilities <file>', 'instead of a model: class probabilities by id, the same'));
  command.addOption(
    new Option('--split <name>', `what is scored: ${scoreSplits.join(', ')}`)
      .argParser(oneOf(scoreSplits))
      .default('target'),
  );
  command.addOption(
    new Option(
      '--shard <i/n>',
      'part of the work that this machine does; auto/n takes i from JOB_COMPLETION_INDEX',
    ).default(null, 'all of it'),
  );
  command.addOption(
    new Option('--shard-rows <n>', 'ids that a file of the store spans: what a kill can cost')
      .argParser(wholeNumber(1))
      .default(null, '4096 to 65536'),
  );
  command.addOption(
    new Option('--workers <n>', 'sessions that score at the same time and share the threads')
      .argParser(wholeNumber(1))
      .default(null, 'one a thread'),
  );
  command.addOption(new Option('--append', 'add the examples that the data have gained since the store was made'));
  withOptions(command, [
    ...dataOptions.filter((name) => name !== 'test'),
    'dataSeed',
    'precision',
    'logits',
    'layout',
    'device',
    'threads',
    'outFolder',
    'config',
    'json',
  ]);
  return performs<Flags>(command, async (flags, host) => {
    const { model: path, out: folder, shard, shardRows } = flags;
    if (folder === undefined) throw usageError('Cannot write the loss store: pass --out DIR');
    if (flags.append && shard !== null)
      throw usageError(
        'Cannot use --append with --shard: the parts divide otherwise as data grow; merge the parts, then add to the whole store',
      );
    const given = givenIn(flags);
    if (given !== null) {
      const training = await openToScore({ ...flags, data: requireData(flags.data), test: null });
      return outcomeOf(folder, {
        manifest: await storeGivenLosses(training, given, flags.split, folder),
        scored: 0,
        seconds: 0,
      });
    }
    if (path === undefined)
      throw usageError(
        'Cannot score without a model: pass --model FILE.onnx, or losses of your own with --losses FILE',
      );
    const part = shard === null ? null : parsePart(shard, environmentVariable('JOB_COMPLETION_INDEX'));
    const data = { ...flags, data: requireData(flags.data), test: null };
    const options = { ...flags, part, span: shardRows };
    const result = await scoreModelFile(path, data, options, folder, {
      ...host,
      afterInterrupt: () => 'the same command goes on',
    });
    return outcomeOf(folder, result);
  });
}

/** Losses from elsewhere; null where a model is to score. */
function givenIn(flags: Flags): GivenLosses | null {
  const { model, losses, probabilities } = flags;
  const given = Object.entries({ '--model': model, '--losses': losses, '--probabilities': probabilities }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length > 1)
    throw usageError(`Cannot take losses from ${given.map(([flag]) => flag).join(' and ')}: pass one of them`);
  const unused = [
    ['--shard', flags.shard],
    ['--shard-rows', flags.shardRows],
    ['--workers', flags.workers],
    ['--append', flags.append || null],
    ['--precision', flags.precision === 'fp32' ? null : flags.precision],
  ].find(([, value]) => value !== null && value !== undefined);
  if (unused !== undefined && (losses ?? probabilities) !== undefined)
    throw usageError(`Cannot use ${unused[0]} with losses from elsewhere: nothing is scored, leave it away`);
  if (losses !== undefined) return { file: losses, holds: 'loss' };
  return probabilities === undefined ? null : { file: probabilities, holds: 'probabilities' };
}

function outcomeOf(folder: string, { manifest, scored, seconds }: ScoreResult): Outcome {
  const { count, statistics, data, models, part, scoring } = manifest;
  const { meanLoss, accuracy, nan } = statistics;
  const { agreement, precision } = scoring;
  const isGiven = scoring.device === 'elsewhere';
  const figure = (value: number | null) => value?.toFixed(4) ?? 'unknown';
  const lines = [
    `${folder}: ${count.toLocaleString('en-US')} examples, ${isGiven ? 'losses from elsewhere' : `${scored.toLocaleString('en-US')} scored in ${seconds.toFixed(1)} s`}, ` +
      `mean loss ${figure(meanLoss)}, accuracy ${figure(accuracy)} (labels as given), ${nan} not a number`,
  ];
  if (agreement !== null)
    lines.push(
      `${precision} beside fp32 on ${agreement.sample} examples: rank correlation ${figure(agreement.spearman)}, ` +
        `${Math.round(agreement.topTenth * 100)} % of the tenth with the highest loss in common`,
    );
  return { json: { folder, seconds, scored, count, statistics, scoring, data, models, part }, text: lines.join('\n') };
}
