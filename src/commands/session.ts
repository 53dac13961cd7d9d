import type { Command } from 'commander';
import type { DeviceName } from '../engine/names.ts';
import type { DeviceChoice } from '../engine/ort/chooseDevice.ts';
import type { Host } from '../jobs/host.ts';
import { makeProgress } from '../report/progress.ts';
import { errorScreen, now, watchInterrupts, writeError, writeOut } from '../runtime/terminal.ts';
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
    const choice = await choiceOfDevice(command);
    const device = choice === null ? {} : { device: choice.device };
    const interrupts = watchInterrupts(() =>
      writeError('\nFinishing the step under way; press Ctrl-C again to quit at once.\n'),
    );
    const { json, text } = await job({ ...options, ...device }, makeHost(choice, interrupts.signal), command.args);
    interrupts.ignore();
    writeOut(options.json ? `${JSON.stringify(json)}\n` : `${text}\n`);
  });
}

/** What --device auto comes to here, for a run decides bits and so records the device itself; null where it is no matter. */
async function choiceOfDevice(command: Command): Promise<DeviceChoice | null> {
  const { device, resume } = command.opts<{ device?: DeviceName; resume?: string }>();
  if (device !== 'auto' || resume !== undefined) return null;
  const { chooseDevice } = await import('../engine/ort/chooseDevice.ts');
  return chooseDevice();
}

function makeHost(choice: DeviceChoice | null, signal: AbortSignal): Host {
  const say = (line: string) => writeError(`${line}\n`);
  // Told when work begins, so that what is refused beforehand says that alone.
  let untold = choice;
  const write = (text: string) => {
    if (untold !== null) say(`Device: ${untold.device} (auto: ${untold.why})`);
    untold = null;
    writeError(text);
  };
  return {
    progress: makeProgress({ write, now, ...errorScreen() }),
    say,
    signal,
    afterInterrupt: () => 'run the command again',
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
