import type { Command } from 'commander';
import type { Host } from '../jobs/host.ts';
import { makeProgress } from '../report/progress.ts';
import { errorScreen, interruptSignal, now, writeError, writeOut } from '../runtime/terminal.ts';
import { applyConfigFile } from './config.ts';

/** Result of a command: an object for --json, and what a person reads instead. */
export interface Outcome {
  readonly json: object;
  readonly text: string;
}

/** Makes `job` what a command does: options resolved, progress on stderr, the outcome on stdout. */
export function performs<Options>(
  command: Command,
  job: (options: Options, host: Host, args: readonly string[]) => Promise<Outcome>,
): Command {
  return command.action(async () => {
    await applyConfigFile(command);
    const options = command.opts<Options & { json?: boolean }>();
    const { json, text } = await job(options, makeHost(), command.args);
    writeOut(options.json ? `${JSON.stringify(json)}\n` : `${text}\n`);
  });
}

function makeHost(): Host {
  const say = (line: string) => writeError(`${line}\n`);
  return {
    progress: makeProgress({ write: writeError, now, ...errorScreen() }),
    say,
    signal: interruptSignal(() => say('\nFinishing the step under way; press Ctrl-C again to quit at once.')),
    afterInterrupt: 'run the command again',
    begin: async () => undefined,
  };
}

/** The command line that leads to these results again. */
export function shownCommand(words: readonly string[]): string {
  return [
    'rho',
    ...words.map((word) => (/^[\w.,:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)),
  ].join(' ');
}
