import { Command, Option } from 'commander';
import { usageError } from '../core/errors.ts';
import { type DataOptions, openTrainingData } from '../jobs/experiment.ts';
import { readIlCard } from '../jobs/ilCard.ts';
import { readModelFile } from '../jobs/model.ts';
import { type ScoreOptions, scoreSplits, scoreToStore } from '../jobs/score.ts';
import { environmentVariable } from '../runtime/host.ts';
import { parsePart } from '../store/planShards.ts';
import { oneOf, wholeNumber, withOptions } from './options.ts';
import { dataOptions, requireData, type WithOptional } from './runs.ts';
import { performs } from './session.ts';

type Flags = WithOptional<DataOptions> &
  Omit<ScoreOptions, 'part' | 'span'> & {
    readonly data?: string;
    readonly model?: string;
    readonly out?: string;
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
  rho score --model il.onnx --data parquet:big/ --split all --append --out il  # the data have grown`,
    );
  command.addOption(new Option('--model <file>', 'IL model, an .onnx file'));
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
    'device',
    'threads',
    'outFolder',
    'config',
    'json',
  ]);
  return performs<Flags>(command, async (flags, host) => {
    const { model: path, out: folder, shard, shardRows } = flags;
    if (path === undefined) throw usageError('Cannot score without a model: pass --model FILE.onnx');
    if (folder === undefined) throw usageError('Cannot write the loss store: pass --out DIR');
    const part = shard === null ? null : parsePart(shard, environmentVariable('JOB_COMPLETION_INDEX'));
    const model = await readModelFile(path);
    const training = await openTrainingData({ ...flags, data: requireData(flags.data), test: null });
    const card = await readIlCard(path, model.bytes);
    const { manifest, scored, seconds } = await scoreToStore(
      training,
      model,
      card,
      { ...flags, part, span: shardRows },
      folder,
      { ...host, afterInterrupt: 'the same command goes on' },
    );
    const { meanLoss, accuracy, nan } = manifest.statistics;
    const { count, statistics, data, models } = manifest;
    return {
      json: { folder, seconds, scored, count, statistics, data, models, part: manifest.part },
      text:
        `${folder}: ${count.toLocaleString('en-US')} examples, ${scored.toLocaleString('en-US')} scored in ${seconds.toFixed(1)} s, ` +
        `mean loss ${meanLoss?.toFixed(4)}, accuracy ${accuracy?.toFixed(4)} (labels as given), ${nan} not a number`,
    };
  });
}
