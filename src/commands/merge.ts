import { Command, Option } from 'commander';
import { usageError } from '../core/errors.ts';
import { type MergeOptions, mergeStores } from '../jobs/merge.ts';
import { withOptions } from './options.ts';
import { performs } from './session.ts';

type Flags = MergeOptions & { readonly out?: string };

/** `rho merge`: one store of those that several machines made. */
export function mergeCommand(): Command {
  const command = new Command('merge')
    .summary('make one loss store of the parts of several machines')
    .description(
      'Merges the loss stores of "rho score --shard 1/n" to n/n: checks that they belong together and that nothing is missing or there twice, ' +
        'scores one example in a thousand again and compares. The shards are byte for byte those that one machine would have made.',
    )
    .argument('<parts...>', 'loss stores')
    .addHelpText(
      'after',
      '\nExamples:\n  rho merge part-* --out il\n  rho merge part-* --out il --data idx:/mnt/mnist --model il.onnx   # where these lie now\n  rho merge part-* --out il --no-check                                # without data and model at hand',
    );
  command.addOption(new Option('--model <file>', 'the IL model (default: the path that the parts name)'));
  command.addOption(new Option('--data <format:path>', 'the data (default: as the parts name them)'));
  command.addOption(new Option('--labels <file:column>', 'the labels (default: as the parts name them)'));
  command.addOption(new Option('--vocab <file>', 'the vocabulary (default: as the parts name it)'));
  command.addOption(new Option('--no-check', 'score nothing again'));
  withOptions(command, ['outFolder', 'json']);
  return performs<Flags>(command, async ({ out: folder, ...options }, host, parts) => {
    if (folder === undefined) throw usageError('Cannot write the loss store: pass --out DIR');
    const { manifest, check } = await mergeStores(parts, options, folder, host);
    const count = manifest.count.toLocaleString('en-US');
    return {
      json: { folder, count: manifest.count, statistics: manifest.statistics, data: manifest.data, check },
      text:
        `${folder}: ${count} examples of ${parts.length} parts` +
        (check === null
          ? ', none scored again'
          : `, ${check.sample} scored again, ${check.difference === 0 ? 'the same losses' : `losses differ by ${check.difference.toPrecision(2)} at most`}`),
    };
  });
}
