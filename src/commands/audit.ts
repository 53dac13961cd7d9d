import { Command, Option } from 'commander';
import { audit } from '../jobs/audit.ts';
import type { MovedData } from '../jobs/storeData.ts';
import { renderAuditTable } from '../report/auditTable.ts';
import { commandLine, wantsColour } from '../runtime/terminal.ts';
import { wholeNumber, withOptions } from './options.ts';
import { performs, shownCommand } from './session.ts';

interface Flags extends MovedData {
  readonly class: string | null;
  readonly top: number | null;
  readonly csv: string | null;
  readonly html: string | null;
}

/** `rho audit`: likely label errors. */
export function auditCommand(): Command {
  const command = new Command('audit')
    .summary('rank likely label errors by irreducible loss')
    .description(
      'Ranks the examples of a loss store by irreducible loss, with the label that the model would give; where the right ' +
        'labels are known (--noise or --labels when the store was made), tells what the ranking is worth. Data are opened ' +
        'by the options that the store records.',
    )
    .argument('<store>', 'loss store, a folder that "rho score" wrote')
    .addHelpText(
      'after',
      `
A label is suspect where the model predicts another class, at least as surely as it
predicts that class, on average, where that is the label (confident learning).

Examples:
  rho audit il-mnist/il
  rho audit il --csv errors.csv --html errors.html
  rho audit il --class cat --top 50
  rho audit il --data images:/mnt/photos --json   # the data lie elsewhere now`,
    );
  command.addOption(new Option('--data <format:path>', 'the data (default: as the store names them)'));
  command.addOption(new Option('--labels <file:column>', 'the labels (default: as the store names them)'));
  command.addOption(new Option('--vocab <file>', 'the vocabulary (default: as the store names it)'));
  command.addOption(
    new Option('--top <n>', 'examples to list')
      .argParser(wholeNumber(0))
      .default(null, '20, in --html 200, in --csv all'),
  );
  command.addOption(
    new Option('--class <class>', 'list examples with this label alone, a number or a name').default(null, 'all'),
  );
  command.addOption(new Option('--csv <file>', 'write the ranking as CSV').default(null, 'none'));
  command.addOption(new Option('--html <file>', 'write a page with the images or sentences').default(null, 'none'));
  withOptions(command, ['json']);
  return performs<Flags>(command, async ({ class: onlyClass, ...flags }, host, [store = '']) => {
    const { found, listed } = await audit({ ...flags, store, onlyClass, command: shownCommand(commandLine()) });
    for (const file of [flags.csv, flags.html]) if (file !== null) host.say(`Wrote ${file}`);
    return { json: { ...found, listed }, text: renderAuditTable(found, listed, wantsColour()) };
  });
}
