import { Command } from 'commander';
import { withOptions } from './options.ts';
import { runOutcome } from './runOutcome.ts';
import { performs } from './session.ts';

/** `rho report`: a run folder rendered again. */
export function reportCommand(): Command {
  const command = new Command('report')
    .summary('render the report of a run folder again')
    .description('Renders report.html of a finished run folder again, without its data, and prints the table.')
    .argument('<folder>', 'folder of a run')
    .addHelpText('after', '\nExamples:\n  rho report runs/run-2026-01-31T12-00-00');
  withOptions(command, ['json']);
  return performs(command, async (_, __, [folder]) => {
    const { renderAgain } = await import('../jobs/report.ts');
    return runOutcome(await renderAgain(folder!), folder!);
  });
}
