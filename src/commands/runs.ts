import type { Command } from 'commander';
import { usageError } from '../core/errors.ts';
import type { Host } from '../jobs/host.ts';
import { beginRun, type RunRequest, readRun, requireUnused } from '../jobs/runFolder.ts';
import { joinPath } from '../runtime/files.ts';
import { commandLine } from '../runtime/terminal.ts';
import { type EngineFlags, withEngine } from './engine.ts';
import { shownCommand } from './session.ts';

/** What every command that reads data takes, save the data seed. */
export const dataOptions: readonly string[] = [
  ...['data', 'test', 'holdout', 'noise', 'labels', 'vocab', 'tokens', 'imageSize', 'preprocessing'],
];

/** Options of every command that trains. */
export const optimizationOptions: readonly string[] = [
  ...['lr', 'optimizer', 'momentum', 'weightDecay', 'decay', 'clip', 'augment', 'lowering'],
];

/** Options of every command that trains a target. */
export const trainingOptions: readonly string[] = [
  ...[
    'model',
    'bigBatch',
    'smallBatch',
    'steps',
    'epochs',
    ...optimizationOptions,
    'schedule',
    'warmup',
    'batchNorm',
    'freeze',
    'evalEvery',
  ],
  ...['staleness', 'refresh', 'scoring', 'reuse', 'reuseEpochs', 'shortlist', 'scoreThreads', 'scoreDevice'],
  ...['checkpointEvery', 'engine', 'scoreEngine', 'device', 'threads', 'out', 'resume', 'config', 'json'],
];

/** Options of every command that trains an IL model. */
export const ilOptions: readonly string[] = ['ilModel', 'ilEpochs', 'ilBatch', 'ilPatience'];

/** Options of a job as the command line gives them: what has no default may be missing. */
export type WithOptional<Options> = Omit<Options, Optional> & Partial<Pick<Options, Extract<keyof Options, Optional>>>;
type Optional = 'data' | 'test' | 'irreducible' | 'steps' | 'epochs';

interface FolderOptions {
  readonly out?: string;
  readonly resume?: string;
}

/** A run on its way: what was asked for, now or when it was begun, and where it is written. */
export interface OpenRun<Options> extends RunRequest<Options> {
  readonly folder: string;
  readonly host: Host;
}

/**
 * Opens a new run, whose folder appears when the job begins to work, or with --resume one that was begun before, which goes
 * by its own options.
 */
export async function openRun<Options extends EngineFlags>(
  command: Command,
  { out, resume }: FolderOptions,
  options: () => Options,
  host: Host,
): Promise<OpenRun<Options>> {
  const job = command.name();
  const folder =
    resume ?? out ?? joinPath('runs', `${job}-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`);
  const resuming = shownCommand([job, '--resume', folder]);
  const goOn = () => `go on with "${resuming}"`;
  if (resume !== undefined) {
    requireAlone(command);
    return { ...(await readRun<Options>(folder, job)), folder, host: { ...host, afterInterrupt: goOn } };
  }
  const unresolved = options();
  await requireUnused(folder);
  const request = { job, command: shownCommand(commandLine()), options: await withEngine(command, unresolved, host) };
  let begun: Promise<void> | undefined;
  const begin = async () => {
    await beginRun(folder, request);
    host.say(`Writing into ${folder}; an interrupted run goes on with: ${resuming}`);
  };
  return {
    ...request,
    folder,
    host: {
      ...host,
      // Before the folder is there nothing can be gone on with.
      afterInterrupt: () => (begun === undefined ? host.afterInterrupt() : goOn()),
      begin() {
        begun ??= begin();
        return begun;
      },
    },
  };
}

/** A resumed run goes by the options it was begun with: any other is a usage error. */
function requireAlone(command: Command): void {
  const other = command.options.find((option) => {
    const source = command.getOptionValueSource(option.attributeName());
    return !['resume', 'json'].includes(option.attributeName()) && source !== undefined && source !== 'default';
  });
  if (other !== undefined)
    throw usageError(
      `Cannot use ${other.long} with --resume: a resumed run goes by the options it was begun with, leave ${other.long} away`,
    );
}

/** The data that were named; a usage error where none were. */
export function requireData(data: string | undefined): string {
  if (data === undefined)
    throw usageError('Cannot work without data: pass --data FORMAT:PATH, such as --data idx:mnist/');
  return data;
}
