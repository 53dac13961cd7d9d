import { Command, InvalidArgumentError, Option } from 'commander';
import { RhoError } from '../core/errors.ts';
import { servePage } from '../jobs/serve.ts';
import { watchInterrupts, writeError, writeOut } from '../runtime/terminal.ts';
import { wholeNumber, withOptions } from './options.ts';

/** `rho serve`: the browser page, on localhost. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('the browser page, on localhost')
    .description(
      'Serves the page that scores and trains in a browser, to this machine alone, with the headers that threads of WebAssembly need. Nothing leaves the browser. Ends at Ctrl-C, with exit code 130.',
    )
    .addHelpText('after', '\nExamples:\n  rho serve\n  rho serve --port 0     # any port that is free');
  command.addOption(
    new Option('--port <n>', 'port to serve on; 0 for any that is free').argParser(portNumber).default(8080),
  );
  withOptions(command, ['json']);
  return command.action(async () => {
    const { port, json } = command.opts<{ readonly port: number; readonly json?: boolean }>();
    const { url, close } = await servePage(port);
    if (json) writeOut(`${JSON.stringify({ url })}\n`);
    else writeError(`Serving the page at ${url}; press Ctrl-C to end\n`);
    const { signal } = watchInterrupts(() => undefined);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await close();
    throw new RhoError('interrupted', 'Stopped serving the page');
  });
}

function portNumber(text: string): number {
  const port = wholeNumber(0)(text);
  if (port > 65535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return port;
}
