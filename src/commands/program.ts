import { Command, CommanderError } from 'commander';
import { type ErrorKind, RhoError } from '../core/errors.ts';
import { packageVersion } from '../runtime/host.ts';
import { writeError } from '../runtime/terminal.ts';

const exitCodes: Readonly<Record<ErrorKind, number>> = {
  failure: 1,
  diverged: 1,
  usage: 2,
  data: 3,
  environment: 4,
  interrupted: 130,
};

/** Loaded when asked for: all of them take half of the time that a short command needs. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).runCommand(),
  il: async () => (await import('./il.ts')).ilCommand(),
  score: async () => (await import('./score.ts')).scoreCommand(),
  merge: async () => (await import('./merge.ts')).mergeCommand(),
  train: async () => (await import('./train.ts')).trainCommand(),
  compare: async () => (await import('./compare.ts')).compareCommand(),
  plan: async () => (await import('./plan.ts')).planCommand(),
  report: async () => (await import('./report.ts')).reportCommand(),
  inspect: async () => (await import('./inspect.ts')).inspectCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  serve: async () => (await import('./serve.ts')).serveCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
};

/** Runs `rho` with these words behind its name, says what went wrong, and returns the exit code. */
export async function runProgram(words: readonly string[]): Promise<number> {
  const program = new Command('rho')
    .description('RHO-LOSS: train on the points that are learnable, worth learning and not yet learnt.')
    .version(packageVersion())
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failure, 2 usage, 3 bad data or model, 4 the environment lacks something, 130 interrupted',
    );
  const [word = ''] = words;
  const wanted = Object.hasOwn(commands, word) ? [word] : Object.keys(commands);
  for (const name of wanted) program.addCommand(await commands[name]!());
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ writeErr: writeError });
  try {
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    return report(error);
  }
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
