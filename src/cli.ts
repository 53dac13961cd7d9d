#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { auditCommand } from './commands/audit.ts';
import { compareCommand } from './commands/compare.ts';
import { doctorCommand } from './commands/doctor.ts';
import { ilCommand } from './commands/il.ts';
import { inspectCommand } from './commands/inspect.ts';
import { mergeCommand } from './commands/merge.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { scoreCommand } from './commands/score.ts';
import { trainCommand } from './commands/train.ts';
import { type ErrorKind, RhoError } from './core/errors.ts';
import { packageVersion } from './runtime/host.ts';
import { commandLine, setExitCode, writeError } from './runtime/terminal.ts';

const exitCodes: Readonly<Record<ErrorKind, number>> = {
  failure: 1,
  usage: 2,
  data: 3,
  environment: 4,
  interrupted: 130,
};

const program = new Command('rho')
  .description('RHO-LOSS: train on the points that are learnable, worth learning and not yet learnt.')
  .version(packageVersion())
  .showSuggestionAfterError()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failure, 2 usage, 3 bad data or model, 4 the environment lacks something, 130 interrupted',
  );
const commands = [
  runCommand,
  ilCommand,
  scoreCommand,
  mergeCommand,
  trainCommand,
  compareCommand,
  reportCommand,
  inspectCommand,
  auditCommand,
  doctorCommand,
];
for (const command of commands) program.addCommand(command());
for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ writeErr: writeError });

try {
  await program.parseAsync(commandLine(), { from: 'user' });
} catch (error) {
  setExitCode(report(error));
}

/** Says what went wrong and returns the exit code. */
function report(error: unknown): number {
  // Commander has printed its own message; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  if (error instanceof RhoError) {
    writeError(`rho: ${error.message}\n`);
    return exitCodes[error.kind];
  }
  writeError(
    `rho: ${(error as Error).stack ?? error}\nThis is a defect of rho-loss: please report it with the command you ran.\n`,
  );
  return exitCodes.failure;
}
